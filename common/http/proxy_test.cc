// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/http/proxy.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>

namespace registry_manager {
namespace {

std::string ProxyOf(const std::string& url, const std::string& no_proxy = "") {
  return ProxyFor({"http://plain:3128", "http://secure:3128", no_proxy},
                  *ParseUrl(url));
}
bool IsDirect(const std::string& url, const std::string& no_proxy) {
  return ProxyOf(url, no_proxy).empty();
}

TEST(ProxyTest, TheSchemeOfTheUrlSaysWhich) {
  EXPECT_EQ(ProxyOf("http://reg.example/v2/"), "http://plain:3128");
  EXPECT_EQ(ProxyOf("https://reg.example/v2/"), "http://secure:3128");
  EXPECT_EQ(ProxyFor({"http://plain", "", ""}, *ParseUrl("https://a")), "");
}

TEST(ProxyTest, ThisMachineIsNeverAskedThroughAProxy) {
  for (const char* url : {"http://localhost:5000", "http://127.0.0.1:5000",
                          "http://127.8.9.1", "https://[::1]:5000"}) {
    EXPECT_EQ(ProxyOf(url), "") << url;
  }
  EXPECT_NE(ProxyOf("http://localhost.example"), "");
}

// The examples of golang.org/x/net/http/httpproxy.
TEST(ProxyTest, NoProxyIsReadAsInGo) {
  EXPECT_TRUE(IsDirect("https://reg.example", "*"));
  EXPECT_TRUE(IsDirect("https://foo.com", "foo.com"));
  EXPECT_TRUE(IsDirect("https://bar.foo.com", "foo.com"));
  EXPECT_FALSE(IsDirect("https://barfoo.com", "foo.com"));
  EXPECT_TRUE(IsDirect("https://bar.foo.com", ".foo.com"));
  EXPECT_FALSE(IsDirect("https://foo.com", ".foo.com"));
  EXPECT_TRUE(IsDirect("https://a.bar.foo.com", "*.foo.com"));
  EXPECT_FALSE(IsDirect("https://foo.com", "*.foo.com"));
  EXPECT_TRUE(IsDirect("https://foo.com:5000", "a, FOO.com:5000 ,b"));
  EXPECT_FALSE(IsDirect("https://foo.com:5001", "foo.com:5000"));
  EXPECT_TRUE(IsDirect("https://foo.com", "foo.com:443"));
  EXPECT_FALSE(IsDirect("https://foo.com", ",, :443"));
  // Blanks separate nothing in Go.
  EXPECT_FALSE(IsDirect("https://foo.com", "a foo.com"));
}

TEST(ProxyTest, NoProxyKnowsAddressesAndRanges) {
  EXPECT_TRUE(IsDirect("https://10.1.2.3:5000", "10.0.0.0/8"));
  EXPECT_FALSE(IsDirect("https://11.1.2.3", "10.0.0.0/8"));
  EXPECT_TRUE(IsDirect("https://192.168.7.9", "192.168.4.0/22"));
  EXPECT_FALSE(IsDirect("https://192.168.8.1", "192.168.4.0/22"));
  EXPECT_TRUE(IsDirect("https://10.1.2.3", "10.1.2.3"));
  EXPECT_TRUE(IsDirect("https://10.1.2.3:5000", "10.1.2.3:5000"));
  EXPECT_FALSE(IsDirect("https://10.1.2.3:5001", "10.1.2.3:5000"));
  EXPECT_TRUE(IsDirect("https://[fd00::7]:5000", "fd00::/8"));
  EXPECT_TRUE(IsDirect("https://[fd00::7]:5000", "[fd00::7]:5000"));
  EXPECT_FALSE(IsDirect("https://[fd00::7]", "10.0.0.0/8,fd00::8"));
  EXPECT_FALSE(IsDirect("https://10.1.2.3", "10.0.0.0/99,10.0.0.0/x,/8"));
}

TEST(ProxyTest, AProxyHasTheSchemeAndPortThatGoGivesIt) {
  const auto of = [](const std::string& proxy) {
    return ProxyFor({proxy, "", ""}, *ParseUrl("http://reg"));
  };
  EXPECT_EQ(of("proxy:3128"), "http://proxy:3128");
  EXPECT_EQ(of("proxy"), "http://proxy:80");
  EXPECT_EQ(of("HTTPS://proxy/"), "https://proxy:443");
  EXPECT_EQ(of("http://us%40er:p@ss@proxy:1"), "http://us%40er:p@ss@proxy:1");
  EXPECT_EQ(of("socks5://proxy"), "socks5h://proxy:1080");
  EXPECT_EQ(of("http://[fd00::1]"), "http://[fd00::1]:80");
  EXPECT_EQ(of("  "), "");
}

TEST(ProxyTest, UpperCaseVariablesCountFirst) {
  for (const char* name : {"HTTP_PROXY", "https_proxy", "NO_PROXY"}) {
    unsetenv(name);
  }
  setenv("http_proxy", "lower", 1);
  setenv("HTTPS_PROXY", "", 1);
  setenv("no_proxy", "x", 1);
  EXPECT_EQ(ProxySettings::FromEnvironment().http_proxy, "lower");
  setenv("HTTP_PROXY", "upper", 1);
  EXPECT_EQ(ProxySettings::FromEnvironment().http_proxy, "upper");
  EXPECT_EQ(ProxySettings::FromEnvironment().https_proxy, "");
  EXPECT_EQ(ProxySettings::FromEnvironment().no_proxy, "x");
}

TEST(ProxyTest, MessagesShowNoPassword) {
  EXPECT_EQ(ProxyDisplay("http://user:p@ss@proxy:3128"), "proxy:3128");
  EXPECT_EQ(ProxyDisplay("http://proxy:3128"), "proxy:3128");
}

}  // namespace
}  // namespace registry_manager
