// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/http/transport.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/http/raw_server.h"
#include "common/http/running_server.h"

namespace registry_manager {
namespace {

TEST(HttpHeadersTest, NamesCompareWithoutCaseAndOrderIsKept) {
  HttpHeaders headers;
  headers.Add("Link", "one");
  headers.Add("Docker-Content-Digest", "sha256:0");
  headers.Add("link", "two");
  EXPECT_EQ(headers.Get("LINK"), "one");
  EXPECT_EQ(headers.GetAll("Link"),
            (std::vector<absl::string_view>{"one", "two"}));
  EXPECT_EQ(headers.Get("Location"), std::nullopt);
}

TEST(RequestMayHaveArrivedTest, IsTrueUnlessMarked) {
  const absl::Status status = absl::UnavailableError("lost");
  EXPECT_TRUE(RequestMayHaveArrived(status));
  EXPECT_FALSE(RequestMayHaveArrived(WithRequestNotSent(status)));
}

// A server that says what it was asked.
class TransportTest : public testing::Test {
 protected:
  TransportTest() {
    const auto echo = [](const httplib::Request& request,
                         httplib::Response& response) {
      response.set_header("X-Method", request.method);
      response.set_header("X-Length",
                          request.get_header_value("Content-Length"));
      response.set_header("X-Type", request.get_header_value("Content-Type"));
      response.set_header("X-Agent", request.get_header_value("User-Agent"));
      response.set_header("X-Encoding",
                          request.get_header_value("Accept-Encoding"));
      response.set_header("X-Path", request.target);
      response.set_content(request.body, "text/plain");
    };
    server_.Get("/echo.*", echo);
    server_.Post("/echo.*", echo);
    server_.Put("/echo.*", echo);
    server_.Patch("/echo.*", echo);
    server_.Delete("/echo.*", echo);
    server_.Get("/sized/(\\d+)/(\\d+)", [](const httplib::Request& request,
                                           httplib::Response& response) {
      response.status = std::stoi(request.matches[1]);
      response.set_content(std::string(std::stoul(request.matches[2]), 'x'),
                           "text/plain");
    });
    running_ = std::make_unique<RunningServer>(server_, "http");
    transport_ = NewCurlTransport("registry-manager/test");
  }

  ~TransportTest() override {
    // The server's threads end with their connections.
    transport_.reset();
    running_.reset();
  }

  HttpRequest Request(HttpMethod method, absl::string_view path) {
    HttpRequest request;
    request.method = method;
    request.url = running_->Url(path);
    return request;
  }

  httplib::Server server_;
  std::unique_ptr<RunningServer> running_;
  std::unique_ptr<HttpTransport> transport_;
};

TEST_F(TransportTest, GetBringsStatusHeadersAndBody) {
  const auto response =
      transport_->Execute(Request(HttpMethod::kGet, "/sized/200/5"));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->headers.Get("content-type"), "text/plain");
  EXPECT_EQ(response->body, "xxxxx");
}

TEST_F(TransportTest, AsksForNoEncodingAndLeavesThePathAsItIs) {
  const auto response =
      transport_->Execute(Request(HttpMethod::kGet, "/echo/a/../b%2Fc?n=1"));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->headers.Get("X-Path"), "/echo/a/../b%2Fc?n=1");
  EXPECT_EQ(response->headers.Get("X-Encoding"), "");
  EXPECT_EQ(response->headers.Get("X-Agent"), "registry-manager/test");
}

TEST_F(TransportTest, HeadBringsHeadersWithoutBody) {
  const auto response =
      transport_->Execute(Request(HttpMethod::kHead, "/sized/200/12345"));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->headers.Get("Content-Length"), "12345");
  EXPECT_EQ(response->body, "");
}

TEST_F(TransportTest, EveryMethodIsSentUnderItsNameWithItsBody) {
  for (const HttpMethod method :
       {HttpMethod::kPost, HttpMethod::kPut, HttpMethod::kPatch}) {
    HttpRequest request = Request(method, "/echo");
    request.body = "four";
    request.headers.Add("Content-Type", "application/x-of-ours");
    const auto response = transport_->Execute(std::move(request));
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->headers.Get("X-Method"), HttpMethodName(method));
    EXPECT_EQ(response->headers.Get("X-Length"), "4");
    EXPECT_EQ(response->headers.Get("X-Type"), "application/x-of-ours");
    EXPECT_EQ(response->body, "four");
  }
}

TEST_F(TransportTest, AnEmptyBodyHasALengthAndNoType) {
  for (const HttpMethod method :
       {HttpMethod::kPost, HttpMethod::kPut, HttpMethod::kPatch}) {
    const auto response = transport_->Execute(Request(method, "/echo"));
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->headers.Get("X-Length"), "0");
    EXPECT_EQ(response->headers.Get("X-Type"), "");
  }
}

TEST_F(TransportTest, DeleteHasNoBody) {
  const auto response =
      transport_->Execute(Request(HttpMethod::kDelete, "/echo"));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->headers.Get("X-Method"), "DELETE");
  EXPECT_EQ(response->headers.Get("X-Length"), "");
}

TEST_F(TransportTest, AHeaderWithoutValueIsSent) {
  std::promise<std::string> head;
  RawServer server([&](RawConnection& connection) {
    head.set_value(connection.ReadHead());
  });
  HttpRequest request;
  request.url = server.Url("/");
  request.headers.Add("X-Empty", "");
  EXPECT_FALSE(transport_->Execute(std::move(request)).ok());
  EXPECT_TRUE(absl::StrContains(head.get_future().get(), "\r\nX-Empty:\r\n"));
}

TEST_F(TransportTest, ARedirectIsAnAnswerLikeAnyOther) {
  server_.Get("/moved", [](const httplib::Request&, httplib::Response& r) {
    r.set_redirect("/echo");
  });
  const auto response =
      transport_->Execute(Request(HttpMethod::kGet, "/moved"));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(response->headers.Get("Location"), "/echo");
}

TEST_F(TransportTest, ABodyAboveMaxBodyIsOutOfRange) {
  HttpRequest request = Request(HttpMethod::kGet, "/sized/200/1000");
  request.max_body = 1000;
  EXPECT_TRUE(transport_->Execute(std::move(request)).ok());
  request = Request(HttpMethod::kGet, "/sized/200/1001");
  request.max_body = 1000;
  const auto response = transport_->Execute(std::move(request));
  EXPECT_TRUE(absl::IsOutOfRange(response.status())) << response.status();
  EXPECT_TRUE(RequestMayHaveArrived(response.status()));
}

TEST_F(TransportTest, TheBodyOfAFailureIsCutAt64KiB) {
  const auto response =
      transport_->Execute(Request(HttpMethod::kGet, "/sized/500/200000"));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 500);
  EXPECT_EQ(response->body, std::string(65536, 'x'));
}

TEST_F(TransportTest, BeforeSendIsAskedAlsoOnAReusedConnection) {
  int asked = 0;
  for (int i = 1; i <= 3; ++i) {
    HttpRequest request = Request(HttpMethod::kGet, "/echo");
    request.before_send = [&asked] {
      ++asked;
      return absl::OkStatus();
    };
    EXPECT_TRUE(transport_->Execute(std::move(request)).ok());
    EXPECT_EQ(asked, i);
  }
}

TEST_F(TransportTest, MalformedRequestsAreRefusedAndShowNoSecret) {
  for (const char* url :
       {"", "registry.example", "/v2/", "ftp://registry.example/",
        "file:///etc/passwd", "http://user:secret@registry.example/",
        "http://registry.example/a b"}) {
    HttpRequest request;
    request.url = url;
    const auto response = transport_->Execute(std::move(request));
    EXPECT_TRUE(absl::IsInvalidArgument(response.status()))
        << url << ": " << response.status();
    EXPECT_FALSE(RequestMayHaveArrived(response.status()));
    EXPECT_EQ(response.status().message().find("secret"),
              absl::string_view::npos);
  }
  const std::vector<std::pair<std::string, std::string>> fields = {
      {"Authorization", "secret\r\nHost: other"},
      {"", "secret"},
      {"Two Words", "secret"},
      {"Colon:", "secret"}};
  for (const auto& [name, value] : fields) {
    HttpRequest request = Request(HttpMethod::kGet, "/echo");
    request.headers.Add(name, value);
    const auto response = transport_->Execute(std::move(request));
    EXPECT_TRUE(absl::IsInvalidArgument(response.status())) << name;
    EXPECT_EQ(response.status().message().find("secret"),
              absl::string_view::npos);
  }
}

// Says which path was asked for.
void SayPath(RawConnection& connection) {
  std::string head;
  while (!(head = connection.ReadHead()).empty()) {
    const std::vector<std::string> words =
        absl::StrSplit(head, absl::MaxSplits(' ', 2));
    connection.Send(absl::StrCat("HTTP/1.1 200 OK\r\nContent-Length: ",
                                 words[1].size(), "\r\n\r\n", words[1]));
  }
}

TEST(TransportLoadTest, ManyExchangesRunAtOnce) {
  constexpr int kCount = 200;
  RawServer server(SayPath);
  const auto transport = NewCurlTransport("test");
  std::vector<std::unique_ptr<HttpCall>> calls;
  for (int i = 0; i < kCount; ++i) {
    HttpRequest request;
    request.url = server.Url(absl::StrCat("/", i));
    calls.push_back(transport->Start(std::move(request)));
  }
  for (int i = 0; i < kCount; ++i) {
    const auto response = calls[i]->Wait();
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->body, absl::StrCat("/", i));
  }
}

TEST(TransportLoadTest, ManyThreadsShareATransport) {
  RawServer server(SayPath);
  const auto transport = NewCurlTransport("test");
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 50; ++n) {
        const std::string path = absl::StrCat("/", i, "/", n);
        HttpRequest request;
        request.url = server.Url(path);
        const auto response = transport->Execute(std::move(request));
        ASSERT_TRUE(response.ok()) << response.status();
        EXPECT_EQ(response->body, path);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace registry_manager
