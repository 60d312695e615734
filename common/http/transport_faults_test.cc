// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// How the transport fares with servers that break off, stand still, or send
// what they should not.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/http/cancellation.h"
#include "common/http/raw_server.h"
#include "common/http/transport.h"

namespace registry_manager {
namespace {

constexpr char kOkEmpty[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
constexpr absl::Duration kShort = absl::Milliseconds(150);

class TransportFaultsTest : public testing::Test {
 protected:
  absl::StatusOr<HttpResponse> Execute(HttpMethod method,
                                       const std::string& url) {
    return transport_->Execute(Request(method, url));
  }

  static HttpRequest Request(HttpMethod method, const std::string& url) {
    HttpRequest request;
    request.method = method;
    request.url = url;
    return request;
  }

  // Answers every request with `answer` and leaves the connection open.
  static std::function<void(RawConnection&)> Always(std::string answer) {
    return [answer = std::move(answer)](RawConnection& connection) {
      while (!connection.ReadHead().empty() && connection.Send(answer)) {
      }
    };
  }

  const std::unique_ptr<HttpTransport> transport_ = NewCurlTransport("test");
};

TEST_F(TransportFaultsTest, ARefusedConnectionIsUnavailableAndNothingArrived) {
  // Bound but not listening: nobody else can take the port.
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(bind(fd, generic, size), 0);
  ASSERT_EQ(getsockname(fd, generic, &size), 0);
  const std::string peer = absl::StrCat("127.0.0.1:", ntohs(address.sin_port));

  const absl::Status status =
      Execute(HttpMethod::kDelete, absl::StrCat("http://", peer, "/")).status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_EQ(status.message(),
            absl::StrCat("connect to ", peer, ": Connection refused"));
  EXPECT_FALSE(RequestMayHaveArrived(status));
  close(fd);
}

TEST_F(TransportFaultsTest, AnUnknownHostIsUnavailableAndNothingArrived) {
  const absl::Status status =
      Execute(HttpMethod::kPost, "http://no-such-host.invalid/").status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_FALSE(RequestMayHaveArrived(status));
}

TEST_F(TransportFaultsTest, AHandshakeThatDoesNotComeIsACaseForConnect) {
  RawServer server([](RawConnection& connection) { connection.AwaitClose(); });
  HttpRequest request = Request(
      HttpMethod::kPut, absl::StrCat("https://127.0.0.1:", server.port(), "/"));
  request.deadlines.connect = kShort;
  const absl::Status status = transport_->Execute(std::move(request)).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_EQ(status.message(),
            absl::StrCat("connect to 127.0.0.1:", server.port(),
                         ": no connection within 150ms"));
  EXPECT_FALSE(RequestMayHaveArrived(status));
}

TEST_F(TransportFaultsTest, ACutBodyIsDataLoss) {
  RawServer server([](RawConnection& connection) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive!");
  });
  const absl::Status status =
      Execute(HttpMethod::kGet, server.Url("/")).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
}

TEST_F(TransportFaultsTest, ACutChunkedBodyIsDataLoss) {
  RawServer server([](RawConnection& connection) {
    connection.ReadHead();
    connection.Send(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfive!\r\n");
  });
  const absl::Status status =
      Execute(HttpMethod::kGet, server.Url("/")).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
}

// What is left of an answer that was longer than it said comes first on the
// connection that it used: the request after it is not at fault.
TEST_F(TransportFaultsTest, AnAnswerThatIsNotHttpIsUnavailable) {
  RawServer server([](RawConnection& connection) {
    connection.ReadHead();
    connection.Send(absl::StrCat("the rest of an answer", kOkEmpty));
  });
  const absl::Status status =
      Execute(HttpMethod::kGet, server.Url("/")).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
}

TEST_F(TransportFaultsTest, ASilentServerMissesTheFirstByteDeadline) {
  RawServer server([](RawConnection& connection) { connection.AwaitClose(); });
  HttpRequest request = Request(HttpMethod::kDelete, server.Url("/"));
  request.deadlines.first_byte = kShort;
  const absl::Time start = absl::Now();
  const absl::Status status = transport_->Execute(std::move(request)).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "no answer within 150ms"));
  EXPECT_TRUE(RequestMayHaveArrived(status));
  EXPECT_GE(absl::Now() - start, kShort);
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
}

TEST_F(TransportFaultsTest, AnInterimResponseIsNoAnswer) {
  RawServer server([](RawConnection& connection) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 100 Continue\r\nX-Interim: yes\r\n\r\n");
    connection.AwaitClose();
  });
  HttpRequest request = Request(HttpMethod::kGet, server.Url("/"));
  request.deadlines.first_byte = kShort;
  const absl::Status status = transport_->Execute(std::move(request)).status();
  EXPECT_TRUE(absl::StrContains(status.message(), "no answer within 150ms"))
      << status;
}

TEST_F(TransportFaultsTest, ABodyThatStandsStillMissesTheStallDeadline) {
  RawServer server([](RawConnection& connection) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive!");
    connection.AwaitClose();
  });
  HttpRequest request = Request(HttpMethod::kGet, server.Url("/"));
  request.deadlines.stall = kShort;
  const absl::Status status = transport_->Execute(std::move(request)).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(),
                                "the transfer stood still for 150ms"));
}

TEST_F(TransportFaultsTest, TheTotalDeadlineEndsAnEndlessTrickle) {
  RawServer server([](RawConnection& connection) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    while (connection.Send("x")) absl::SleepFor(absl::Milliseconds(5));
  });
  HttpRequest request = Request(HttpMethod::kGet, server.Url("/"));
  request.deadlines.total = kShort;
  const absl::Status status = transport_->Execute(std::move(request)).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "not finished within 150ms"));
}

TEST_F(TransportFaultsTest, HeadersAreThoseOfTheFinalResponse) {
  RawServer server(
      Always("HTTP/1.1 103 Early Hints\r\nLink: early\r\n\r\n"
             "HTTP/1.1 200 OK\r\nLink: final\r\nContent-Length: 0\r\n\r\n"));
  const auto response = Execute(HttpMethod::kGet, server.Url("/"));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->headers.GetAll("Link"),
            (std::vector<absl::string_view>{"final"}));
}

TEST_F(TransportFaultsTest, TrailersAreNotHeaders) {
  RawServer server(
      Always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
             "2\r\nab\r\n0\r\nX-Trailer: yes\r\n\r\n"));
  const auto response = Execute(HttpMethod::kGet, server.Url("/"));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "ab");
  EXPECT_EQ(response->headers.Get("X-Trailer"), std::nullopt);
}

TEST_F(TransportFaultsTest, TooManyHeadersAreOutOfRange) {
  std::string fields;
  for (int i = 0; i < 1100; ++i) absl::StrAppend(&fields, "X: y\r\n");
  RawServer many(Always(absl::StrCat("HTTP/1.1 200 OK\r\n", fields,
                                     "Content-Length: 0\r\n\r\n")));
  EXPECT_TRUE(
      absl::IsOutOfRange(Execute(HttpMethod::kGet, many.Url("/")).status()));

  fields.clear();
  for (int i = 0; i < 5; ++i) {
    absl::StrAppend(&fields, "X: ", std::string(60000, 'y'), "\r\n");
  }
  RawServer large(Always(absl::StrCat("HTTP/1.1 200 OK\r\n", fields,
                                      "Content-Length: 0\r\n\r\n")));
  EXPECT_TRUE(
      absl::IsOutOfRange(Execute(HttpMethod::kGet, large.Url("/")).status()));
}

TEST_F(TransportFaultsTest, AnEndlessFailureIsCutOffAndReturned) {
  RawServer server([](RawConnection& connection) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\n\r\n");
    while (connection.Send(std::string(65536, 'x'))) {
    }
  });
  const auto response = Execute(HttpMethod::kDelete, server.Url("/"));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(response->headers.Get("Retry-After"), "7");
  EXPECT_EQ(response->body.size(), 65536u);
}

TEST_F(TransportFaultsTest, BeforeSendStopsTheRequestBeforeAByteIsSent) {
  std::promise<std::string> received;
  RawServer server([&](RawConnection& connection) {
    received.set_value(connection.ReadHead());
  });
  HttpRequest request = Request(HttpMethod::kDelete, server.Url("/"));
  request.before_send = [] { return absl::AbortedError("the lease ended"); };
  const absl::Status status = transport_->Execute(std::move(request)).status();
  EXPECT_TRUE(absl::IsAborted(status));
  EXPECT_EQ(status.message(), "the lease ended");
  EXPECT_FALSE(RequestMayHaveArrived(status));
  EXPECT_EQ(received.get_future().get(), "");
}

// A server that closes a kept-alive connection upon its second request, and
// notes what it was asked.
class FickleServer {
 public:
  FickleServer()
      : server_([this](RawConnection& connection) { Serve(connection); }) {}

  std::string Url() const { return server_.Url("/"); }
  int requests() const { return requests_; }

 private:
  void Serve(RawConnection& connection) {
    for (int n = 0; !connection.ReadHead().empty(); ++n) {
      ++requests_;
      if (connection.index() == 0 && n == 1) return;
      connection.Send(kOkEmpty);
    }
  }

  std::atomic<int> requests_{0};
  RawServer server_;
};

TEST_F(TransportFaultsTest, AWriteOnALostConnectionIsNeverSentTwice) {
  for (const HttpMethod method : {HttpMethod::kDelete, HttpMethod::kPost,
                                  HttpMethod::kPut, HttpMethod::kPatch}) {
    FickleServer server;
    ASSERT_TRUE(Execute(HttpMethod::kGet, server.Url()).ok());
    int asked = 0;
    HttpRequest request = Request(method, server.Url());
    if (method != HttpMethod::kDelete) request.body = "body";
    request.before_send = [&asked] {
      ++asked;
      return absl::OkStatus();
    };
    const absl::Status status =
        transport_->Execute(std::move(request)).status();
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_TRUE(RequestMayHaveArrived(status));
    EXPECT_EQ(asked, 1);
    // The next exchange shows that nothing came between.
    ASSERT_TRUE(Execute(HttpMethod::kGet, server.Url()).ok());
    EXPECT_EQ(server.requests(), 3) << HttpMethodName(method);
  }
}

TEST_F(TransportFaultsTest, AReadOnALostConnectionIsSentAgain) {
  for (const HttpMethod method : {HttpMethod::kGet, HttpMethod::kHead}) {
    FickleServer server;
    ASSERT_TRUE(Execute(HttpMethod::kGet, server.Url()).ok());
    int asked = 0;
    HttpRequest request = Request(method, server.Url());
    request.before_send = [&asked] {
      ++asked;
      return absl::OkStatus();
    };
    const auto response = transport_->Execute(std::move(request));
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(asked, 2);
    EXPECT_EQ(server.requests(), 3);
  }
}

TEST_F(TransportFaultsTest, CancellingEndsABodyUnderWay) {
  Cancellation cancellation;
  RawServer server([](RawConnection& connection) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive!");
    connection.AwaitClose();
  });
  HttpRequest request = Request(HttpMethod::kGet, server.Url("/"));
  request.cancellation = &cancellation;
  std::promise<void> sent;
  request.before_send = [&sent] {
    sent.set_value();
    return absl::OkStatus();
  };
  auto call = transport_->Start(std::move(request));
  sent.get_future().wait();
  cancellation.Cancel(absl::AbortedError("the lease ended"));
  const absl::Status status = call->Wait().status();
  EXPECT_EQ(status, absl::AbortedError("the lease ended"));
  EXPECT_TRUE(RequestMayHaveArrived(status));
}

TEST_F(TransportFaultsTest, NothingIsSentAfterCancellation) {
  std::atomic<int> requests{0};
  RawServer server([&](RawConnection& connection) {
    if (!connection.ReadHead().empty()) ++requests;
  });
  Cancellation cancellation;
  cancellation.Cancel(absl::AbortedError("the lease ended"));
  for (int i = 0; i < 20; ++i) {
    HttpRequest request = Request(HttpMethod::kDelete, server.Url("/"));
    request.cancellation = &cancellation;
    const absl::Status status =
        transport_->Execute(std::move(request)).status();
    EXPECT_TRUE(absl::IsAborted(status)) << status;
    EXPECT_FALSE(RequestMayHaveArrived(status));
  }
  EXPECT_EQ(requests, 0);
}

TEST_F(TransportFaultsTest, DroppingACallAbortsIt) {
  std::promise<void> closed;
  RawServer server([&](RawConnection& connection) {
    connection.ReadHead();
    connection.AwaitClose();
    closed.set_value();
  });
  std::promise<void> sent;
  HttpRequest request = Request(HttpMethod::kGet, server.Url("/"));
  request.before_send = [&sent] {
    sent.set_value();
    return absl::OkStatus();
  };
  auto call = transport_->Start(std::move(request));
  sent.get_future().wait();
  call.reset();
  closed.get_future().wait();
}

TEST_F(TransportFaultsTest, ExpectContinueIsForLargeBodiesOnly) {
  std::promise<std::string> small;
  std::promise<std::string> large;
  RawServer server([&](RawConnection& connection) {
    small.set_value(connection.ReadHead());
    connection.ReadBody((1 << 20) - 1);
    connection.Send(kOkEmpty);
    large.set_value(connection.ReadHead());
    connection.Send("HTTP/1.1 100 Continue\r\n\r\n");
    connection.ReadBody((1 << 20) + 1);
    connection.Send(kOkEmpty);
  });
  HttpRequest request = Request(HttpMethod::kPut, server.Url("/"));
  request.body = std::string((1 << 20) - 1, 'x');
  EXPECT_TRUE(transport_->Execute(std::move(request)).ok());
  request = Request(HttpMethod::kPut, server.Url("/"));
  request.body = std::string((1 << 20) + 1, 'x');
  EXPECT_TRUE(transport_->Execute(std::move(request)).ok());
  EXPECT_FALSE(absl::StrContains(small.get_future().get(), "Expect:"));
  EXPECT_TRUE(
      absl::StrContains(large.get_future().get(), "Expect: 100-continue\r\n"));
}

TEST_F(TransportFaultsTest, AServerThatDeclinesExpectGetsTheBodyWithout) {
  RawServer server([&](RawConnection& connection) {
    for (;;) {
      const std::string head = connection.ReadHead();
      if (head.empty()) return;
      if (absl::StrContains(head, "Expect:")) {
        connection.Send("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n");
        continue;
      }
      const size_t got = connection.ReadBody(2 << 20).size();
      connection.Send(absl::StrCat("HTTP/1.1 201 Created\r\nX-Got: ", got,
                                   "\r\nContent-Length: 0\r\n\r\n"));
    }
  });
  HttpRequest request = Request(HttpMethod::kPut, server.Url("/"));
  request.body = std::string(2 << 20, 'x');
  const auto response = transport_->Execute(std::move(request));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->headers.Get("X-Got"), "2097152");
}

TEST_F(TransportFaultsTest, AProxyThatRefusesMeansThatNothingArrived) {
  RawServer proxy(
      Always("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"));
  setenv("https_proxy", absl::StrCat("http://127.0.0.1:", proxy.port()).c_str(),
         1);
  const absl::Status status =
      Execute(HttpMethod::kDelete, "https://registry.invalid/").status();
  unsetenv("https_proxy");
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "403")) << status;
  EXPECT_FALSE(RequestMayHaveArrived(status));
}

TEST_F(TransportFaultsTest, IdlesWithoutTheProcessor) {
  RawServer server([](RawConnection& connection) { connection.AwaitClose(); });
  HttpRequest request = Request(HttpMethod::kGet, server.Url("/"));
  request.deadlines.first_byte = absl::Milliseconds(400);
  const std::clock_t before = std::clock();
  EXPECT_FALSE(transport_->Execute(std::move(request)).ok());
  const double seconds =
      static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
  EXPECT_LT(seconds, 0.2);
}

}  // namespace
}  // namespace registry_manager
