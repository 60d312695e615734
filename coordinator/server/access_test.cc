// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <optional>
#include <string>
#include <utility>

#include "coordinator/server/server_fixture_for_test.h"

namespace registry_manager {
namespace {

// A registry whose password is another one each time.
class AccessTest : public ServerTest {
 protected:
  AccessTest() {
    settings_.set_run("RUN1");
    settings_.add_registries()->set_id(kA);
    read_access_ = [this](proto::Registry& registry) {
      registry.set_is_renewable(true);
      registry.mutable_credentials()->mutable_whole()->set_password(
          absl::StrCat("password ", ++reads_));
    };
    // The task runs until the test has seen what it wants.
    worker_.carry_out = [this](const proto::Task& task) {
      lease_ = task.lease();
      AskForSettings();
      return std::nullopt;
    };
  }

  void AskForSettings() {
    proto::Envelope message;
    message.mutable_settings_request()->set_run("RUN1");
    worker_.Say(std::move(message));
  }
  void AskForCredentials(const std::string& registry, uint64_t number) {
    proto::Envelope message;
    proto::CredentialsRequest& request = *message.mutable_credentials_request();
    request.set_number(number);
    request.set_run("RUN1");
    request.set_registry(registry);
    worker_.Say(std::move(message));
  }
  void EndTask() { worker_.SayResult(lease_, Done(), 1); }
  absl::Status CarryOne() {
    return Carry({Naming(StreamFor(Kind::kDelete, kA), {"x"})}).status();
  }
  static std::string PasswordOf(const proto::RegistryCredentials& credentials) {
    return credentials.whole().password();
  }

  // Counted on a side thread.
  std::atomic<int> reads_ = 0;
  proto::Lease lease_;
};

TEST_F(AccessTest, IsReadOnceForTheSettingsOfARun) {
  Names told;
  worker_.on_sent = [&](const proto::Envelope& message) {
    if (!message.has_settings()) return;
    told.push_back(
        PasswordOf(message.settings().settings().registries(0).credentials()));
    if (told.size() == 1) AskForSettings();
    if (told.size() == 2) EndTask();
  };
  ASSERT_TRUE(CarryOne().ok());
  EXPECT_EQ(told, Names({"password 1", "password 1"}));
}

TEST_F(AccessTest, IsReadAgainWhenARegistryRefusesIt) {
  Names told;
  worker_.on_sent = [&](const proto::Envelope& message) {
    if (message.has_settings() && told.empty()) AskForCredentials(kA, 7);
    if (message.has_settings() && !told.empty()) {
      told.push_back(PasswordOf(
          message.settings().settings().registries(0).credentials()));
      EndTask();
    }
    if (!message.has_credentials_reply()) return;
    EXPECT_EQ(message.credentials_reply().number(), 7u);
    EXPECT_EQ(message.credentials_reply().problem(), "");
    told.push_back(PasswordOf(message.credentials_reply().credentials()));
    // The next worker that asks gets the new credentials at once.
    AskForSettings();
  };
  ASSERT_TRUE(CarryOne().ok());
  EXPECT_EQ(told, Names({"password 2", "password 2"}));
}

TEST_F(AccessTest, AQuestionThatIsSentAgainMeanwhileIsAnsweredOnce) {
  std::promise<void> asked_again;
  std::shared_future<void> may_read(asked_again.get_future());
  read_access_ = [this, may_read](proto::Registry& registry) {
    registry.set_is_renewable(true);
    if (++reads_ == 2) may_read.wait();
  };
  Names told;
  worker_.on_sent = [&](const proto::Envelope& message) {
    if (message.has_settings()) {
      AskForCredentials(kA, 1);
      AskForCredentials(kA, 1);
      AskForCredentials(kA, 2);
      // Refused at once, after the others were heard.
      AskForCredentials(kB, 3);
    }
    if (!message.has_credentials_reply()) return;
    const proto::CredentialsReply& reply = message.credentials_reply();
    told.push_back(absl::StrCat(reply.number(), reply.problem()));
    if (reply.number() == 3) asked_again.set_value();
    if (told.size() == 3) EndTask();
  };
  ASSERT_TRUE(CarryOne().ok());
  EXPECT_EQ(told, Names({"3there are no other credentials", "1", "2"}));
  EXPECT_EQ(reads_, 2);
}

TEST_F(AccessTest, AFailureIsToldAndTheCredentialsBeforeStay) {
  read_access_ = [this](proto::Registry& registry) {
    registry.set_is_renewable(true);
    registry.clear_problem();
    if (++reads_ == 2) {
      registry.set_problem("the helper is gone");
      return;
    }
    registry.mutable_credentials()->mutable_whole()->set_password("first");
  };
  Names told;
  worker_.on_sent = [&](const proto::Envelope& message) {
    if (message.has_credentials_reply()) {
      told.push_back(message.credentials_reply().problem());
      AskForSettings();
    }
    if (!message.has_settings()) return;
    const proto::Registry& registry =
        message.settings().settings().registries(0);
    if (told.empty()) {
      AskForCredentials(kA, 1);
    } else {
      told.push_back(
          absl::StrCat(PasswordOf(registry.credentials()), registry.problem()));
      EndTask();
    }
  };
  ASSERT_TRUE(CarryOne().ok());
  EXPECT_EQ(told, Names({"the helper is gone", "first"}));
}

}  // namespace
}  // namespace registry_manager
