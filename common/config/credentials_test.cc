// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/config/config.h"
#include "common/config/config_testing.h"

namespace registry_manager {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(CredentialsTest, ReadsThePasswordFromAFile) {
  const std::string text =
      WithKeys("    username: bob\n    password-file: pw\n");
  const struct {
    const char* content;
    const char* password;
  } cases[] = {{"s3cret", "s3cret"},
               {"s3cret\n", "s3cret"},
               {"s3cret\r\n", "s3cret"},
               {"s3cret\n\n", "s3cret"},
               {"{\n  \"key\": 1\n}\n", "{\n  \"key\": 1\n}"},
               {" s3 cret ", " s3 cret "}};
  for (const auto& [content, password] : cases) {
    const FakeWorld world = {{}, {{"/etc/rm/pw", content}}};
    EXPECT_EQ(MustParse(text, world).registries[0].password, password);
  }
}

TEST(CredentialsTest, ReportsAPasswordFileThatIsNoUse) {
  const std::string text =
      WithKeys("    username: bob\n    password-file: pw\n");
  EXPECT_THAT(ErrorsOf(text),
              ElementsAre("5:20: the password file 'pw' cannot be read: no "
                          "such file; name a file that this user may read"));
  EXPECT_THAT(ErrorsOf(text, {{}, {{"/etc/rm/pw", "\n"}}}),
              ElementsAre("5:20: the password file 'pw' is empty; write the "
                          "password into it"));
  const std::string nul("hunter2\0", 8);
  EXPECT_THAT(ErrorsOf(text, {{}, {{"/etc/rm/pw", nul}}}),
              ElementsAre("5:20: the password in 'pw' holds a control "
                          "character that is neither a line break nor a tab, "
                          "and cannot be sent; is it text?"));
}

TEST(CredentialsTest, TakesThemFromOnePlaceOnly) {
  const FakeWorld world = {{}, {{"/etc/rm/pw", "x"}}};
  EXPECT_THAT(ErrorsOf(WithKeys("    username: bob\n    password: hunter2\n"
                                "    password-file: pw\n"),
                       world),
              ElementsAre("6:20: 'password-file' stands beside 'password'; "
                          "keep one of the two"));
  EXPECT_THAT(ErrorsOf(WithKeys("    username: bob\n    password: hunter2\n"
                                "    auth-file: auth.json\n")),
              ElementsAre("6:16: 'auth-file' stands beside 'username' or a "
                          "password; keep one source of credentials"));
  EXPECT_EQ(
      MustParse(WithKeys("    auth-file: auth.json\n")).registries[0].auth_file,
      "/etc/rm/auth.json");
}

TEST(CredentialsTest, NeedsBothHalves) {
  EXPECT_THAT(ErrorsOf(WithKeys("    username: bob\n")),
              ElementsAre("4:15: 'username' has no password beside it; add "
                          "'password' or 'password-file'"));
  EXPECT_THAT(ErrorsOf(WithKeys("    password: hunter2\n")),
              ElementsAre("4:15: a password has no 'username' beside it; add "
                          "'username'"));
  EXPECT_THAT(ErrorsOf(WithKeys("    client-key: k.pem\n")),
              ElementsAre("4:17: 'client-key' has no 'client-cert' beside it; "
                          "name the certificate that the key belongs to"));
  EXPECT_EQ(
      MustParse(WithKeys("    client-cert: c.pem\n")).registries[0].client_cert,
      "/etc/rm/c.pem");
}

TEST(CredentialsTest, EmptyTextsAreAnonymous) {
  const Config config =
      MustParse(WithKeys("    username: ''\n    password: ${NONE}\n"),
                {{{"NONE", ""}}, {}});
  EXPECT_EQ(config.registries[0].username, "");
}

TEST(CredentialsTest, NeverShowsThem) {
  for (const char* keys :
       {"    username: hunter2\n", "    password: hunter2\n",
        "    username: 'hunter2:x'\n    password: hunter2\n",
        "    username: \"hunter2\\n\"\n    password: \"hunter2\\n\"\n",
        "    username: [hunter2]\n    password: [hunter2]\n",
        "    username: {a: hunter2}\n    password: hunter2 ${UNSET\n",
        "    username: bob\n    password: '${hunter2'\n"}) {
    const std::vector<std::string> errors = ErrorsOf(WithKeys(keys));
    EXPECT_THAT(errors, Not(IsEmpty())) << keys;
    for (const std::string& error : errors) {
      EXPECT_THAT(error, Not(HasSubstr("hunter2"))) << keys;
    }
  }
}

}  // namespace
}  // namespace registry_manager
