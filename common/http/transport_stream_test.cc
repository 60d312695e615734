// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

// Bodies that stream through sources and sinks.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/http/cancellation.h"
#include "common/http/pipe.h"
#include "common/http/raw_server.h"
#include "common/http/transport.h"

namespace registry_manager {
namespace {

constexpr char kCreated[] = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";

// Bytes that a swap or a gap would show in.
std::string Pattern(size_t size) {
  std::string bytes(size, '\0');
  uint32_t state = 1;
  for (char& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

std::string OkHead(size_t length) {
  return absl::StrCat("HTTP/1.1 200 OK\r\nContent-Length: ", length,
                      "\r\n\r\n");
}

size_t ContentLength(const std::string& head) {
  const std::string name = "Content-Length: ";
  return std::stoul(head.substr(head.find(name) + name.size()));
}

// Gives what `read` gives.
class TestSource : public BodySource {
 public:
  explicit TestSource(
      std::function<absl::StatusOr<size_t>(TestSource&, char*, size_t)> read)
      : read_(std::move(read)) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    return read_(*this, buffer, size);
  }
  void SetResume(std::function<void()> resume) override {
    released_ = !resume;
    resume_ = std::move(resume);
  }
  // For the I/O thread.
  const std::function<void()>& resume() const { return resume_; }
  bool released() const { return released_; }

 private:
  const std::function<absl::StatusOr<size_t>(TestSource&, char*, size_t)> read_;
  std::function<void()> resume_;
  bool released_ = false;
};

class TestSink : public BodySink {
 public:
  absl::Status Begin(int status, const HttpHeaders& headers) override {
    ++begun;
    begin_status = status;
    length = std::string(headers.Get("Content-Length").value_or("none"));
    return begin_result;
  }
  absl::Status Write(absl::string_view bytes) override {
    std::lock_guard<std::mutex> lock(mutex);
    if (!room) {
      if (!std::exchange(refused, true)) refusal.set_value();
      return absl::UnavailableError("no room");
    }
    if (write_result.ok()) body.append(bytes.data(), bytes.size());
    return write_result;
  }
  void SetResume(std::function<void()> function) override {
    std::lock_guard<std::mutex> lock(mutex);
    resume = std::move(function);
  }

  // Lets what comes be answered with `result`.
  void MakeRoom(absl::Status result = absl::OkStatus()) {
    std::lock_guard<std::mutex> lock(mutex);
    room = true;
    write_result = std::move(result);
    resume();
  }

  std::mutex mutex;
  int begun = 0;
  int begin_status = 0;
  std::string length;
  absl::Status begin_result;
  absl::Status write_result;
  std::string body;
  bool room = true;
  bool refused = false;
  std::promise<void> refusal;
  std::function<void()> resume;
};

// Notes the body of the one PUT that it is sent.
class Receiver {
 public:
  Receiver()
      : server_([this](RawConnection& connection) {
          const std::string head = connection.ReadHead();
          if (absl::StrContains(head, "Expect:")) {
            connection.Send("HTTP/1.1 100 Continue\r\n\r\n");
          }
          body_.set_value(connection.ReadBody(ContentLength(head)));
          connection.Send(kCreated);
          connection.AwaitClose();
        }) {}

  std::string Url() const { return server_.Url("/"); }
  std::string Body() { return body_.get_future().get(); }

 private:
  std::promise<std::string> body_;
  RawServer server_;
};

class TransportStreamTest : public testing::Test {
 protected:
  static HttpRequest Put(const std::string& url, BodySource& source,
                         uint64_t size) {
    HttpRequest request;
    request.method = HttpMethod::kPut;
    request.url = url;
    request.source = &source;
    request.source_size = size;
    return request;
  }

  static HttpRequest Get(const std::string& url, BodySink& sink) {
    HttpRequest request;
    request.url = url;
    request.sink = &sink;
    return request;
  }

  const std::unique_ptr<HttpTransport> transport_ = NewCurlTransport("test");
};

TEST_F(TransportStreamTest, ASourceMayPauseBeforeEveryPiece) {
  const std::string body = Pattern(50'000);
  Receiver receiver;
  size_t position = 0;
  bool ready = false;
  std::thread resumer;
  // Resumed from another thread and from the I/O thread in turn.
  TestSource source([&](TestSource& self, char* buffer, size_t size) {
    if (!std::exchange(ready, true)) {
      if (resumer.joinable()) resumer.join();
      if (position % 2000 == 0) {
        self.resume()();
      } else {
        resumer = std::thread([resume = self.resume()] { resume(); });
      }
      return absl::StatusOr<size_t>(absl::UnavailableError("none yet"));
    }
    ready = false;
    const size_t count = std::min({size, size_t{1000}, body.size() - position});
    body.copy(buffer, count, position);
    position += count;
    return absl::StatusOr<size_t>(count);
  });
  const auto response =
      transport_->Execute(Put(receiver.Url(), source, body.size()));
  resumer.join();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 201);
  EXPECT_TRUE(receiver.Body() == body);
  EXPECT_TRUE(source.released());
}

TEST_F(TransportStreamTest, APausedSourceMissesNoDeadline) {
  Receiver receiver;
  std::promise<std::function<void()>> paused;
  std::atomic<bool> ready{false};
  bool asked = false;
  TestSource source([&](TestSource& self, char* buffer, size_t) {
    if (!ready) {
      if (!std::exchange(asked, true)) paused.set_value(self.resume());
      return absl::StatusOr<size_t>(absl::UnavailableError("none yet"));
    }
    buffer[0] = 'x';
    return absl::StatusOr<size_t>(size_t{1});
  });
  HttpRequest request = Put(receiver.Url(), source, 1);
  request.deadlines.first_byte = absl::Milliseconds(50);
  auto call = transport_->Start(std::move(request));
  const std::function<void()> resume = paused.get_future().get();
  // The silence itself is what is tested.
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  ready = true;
  resume();
  const auto response = call->Wait();
  EXPECT_TRUE(response.ok()) << response.status();
}

TEST_F(TransportStreamTest, ASourceThatEndsEarlyIsDataLoss) {
  Receiver receiver;
  bool given = false;
  TestSource source([&](TestSource&, char* buffer, size_t) {
    if (std::exchange(given, true)) return absl::StatusOr<size_t>(size_t{0});
    std::string("abc").copy(buffer, 3);
    return absl::StatusOr<size_t>(size_t{3});
  });
  const absl::Status status =
      transport_->Execute(Put(receiver.Url(), source, 10)).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_TRUE(RequestMayHaveArrived(status));
  EXPECT_TRUE(source.released());
}

TEST_F(TransportStreamTest, AnErrorOfTheSourceIsReturnedAsItIs) {
  Receiver receiver;
  TestSource source([](TestSource&, char*, size_t) {
    return absl::StatusOr<size_t>(absl::DataLossError("digest differs"));
  });
  EXPECT_EQ(transport_->Execute(Put(receiver.Url(), source, 10)).status(),
            absl::DataLossError("digest differs"));
}

TEST_F(TransportStreamTest, ASourceOfNothingIsAnEmptyBody) {
  Receiver receiver;
  TestSource source([](TestSource&, char*, size_t) {
    return absl::StatusOr<size_t>(absl::InternalError("not to be asked"));
  });
  const auto response = transport_->Execute(Put(receiver.Url(), source, 0));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(receiver.Body(), "");
}

TEST_F(TransportStreamTest, AServerMayDeclineAPausedUpload) {
  for (const char* connection_header : {"", "Connection: close\r\n"}) {
    RawServer server([&](RawConnection& connection) {
      connection.ReadHead();
      connection.ReadBody(3);
      connection.Send(absl::StrCat("HTTP/1.1 403 Forbidden\r\n",
                                   connection_header,
                                   "Content-Length: 6\r\n\r\ndenied"));
      connection.AwaitClose();
    });
    bool given = false;
    TestSource source([&](TestSource&, char* buffer, size_t) {
      if (std::exchange(given, true)) {
        return absl::StatusOr<size_t>(absl::UnavailableError("never any"));
      }
      std::string("abc").copy(buffer, 3);
      return absl::StatusOr<size_t>(size_t{3});
    });
    const auto response = transport_->Execute(Put(server.Url("/"), source, 10));
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->status, 403);
    EXPECT_EQ(response->body, "denied");
    EXPECT_TRUE(source.released());
  }
}

TEST_F(TransportStreamTest, AConnectionLostInAPauseIsNoticedAfterwards) {
  std::promise<void> leaving;
  RawServer server([&](RawConnection& connection) {
    connection.ReadHead();
    connection.ReadBody(3);
    leaving.set_value();
  });
  int reads = 0;
  std::promise<std::function<void()>> paused;
  TestSource source([&](TestSource& self, char* buffer, size_t size) {
    if (++reads == 2) {
      paused.set_value(self.resume());
      return absl::StatusOr<size_t>(absl::UnavailableError("none yet"));
    }
    const size_t count = std::min(size, size_t{3});
    std::memset(buffer, 'x', count);
    return absl::StatusOr<size_t>(count);
  });
  auto call = transport_->Start(Put(server.Url("/"), source, 10));
  const std::function<void()> resume = paused.get_future().get();
  leaving.get_future().wait();
  resume();
  const absl::Status status = call->Wait().status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_TRUE(RequestMayHaveArrived(status));
}

TEST_F(TransportStreamTest, AServerMayDeclineAnUploadUnderWay) {
  constexpr uint64_t kSize = uint64_t{64} << 30;
  for (const char* connection_header : {"", "Connection: close\r\n"}) {
    RawServer server([&](RawConnection& connection) {
      connection.ReadHead();
      connection.Send("HTTP/1.1 100 Continue\r\n\r\n");
      connection.ReadBody(1 << 20);
      connection.Send(absl::StrCat("HTTP/1.1 403 Forbidden\r\n",
                                   connection_header,
                                   "Content-Length: 6\r\n\r\ndenied"));
      connection.AwaitClose();
    });
    TestSource source([](TestSource&, char* buffer, size_t size) {
      std::memset(buffer, 'x', size);
      return absl::StatusOr<size_t>(size);
    });
    const auto response =
        transport_->Execute(Put(server.Url("/"), source, kSize));
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->status, 403);
    EXPECT_EQ(response->body, "denied");
  }
}

TEST_F(TransportStreamTest, ASinkTakesTheBodyOfASuccess) {
  const std::string body = Pattern(300'000);
  RawServer server([&](RawConnection& connection) {
    connection.ReadHead();
    connection.Send(OkHead(body.size()) + body);
  });
  TestSink sink;
  const auto response = transport_->Execute(Get(server.Url("/"), sink));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "");
  EXPECT_EQ(sink.begun, 1);
  EXPECT_EQ(sink.begin_status, 200);
  EXPECT_EQ(sink.length, "300000");
  EXPECT_TRUE(sink.body == body);
  EXPECT_FALSE(sink.resume);
}

TEST_F(TransportStreamTest, ASinkBeginsAlsoForAnEmptyBody) {
  RawServer server([](RawConnection& connection) {
    connection.ReadHead();
    connection.Send(OkHead(0));
  });
  TestSink sink;
  EXPECT_TRUE(transport_->Execute(Get(server.Url("/"), sink)).ok());
  EXPECT_EQ(sink.begun, 1);
}

TEST_F(TransportStreamTest, ASinkSeesNothingOfAFailure) {
  RawServer server([](RawConnection& connection) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 404 No\r\nContent-Length: 4\r\n\r\ngone");
  });
  TestSink sink;
  const auto response = transport_->Execute(Get(server.Url("/"), sink));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "gone");
  EXPECT_EQ(sink.begun, 0);
}

TEST_F(TransportStreamTest, ErrorsOfTheSinkAreReturnedAsTheyAre) {
  RawServer server([](RawConnection& connection) {
    connection.ReadHead();
    connection.Send(OkHead(3) + "abc");
  });
  TestSink refuses;
  refuses.begin_result = absl::InvalidArgumentError("wrong type");
  EXPECT_EQ(transport_->Execute(Get(server.Url("/"), refuses)).status(),
            absl::InvalidArgumentError("wrong type"));
  TestSink fails;
  fails.write_result = absl::DataLossError("digest differs");
  EXPECT_EQ(transport_->Execute(Get(server.Url("/"), fails)).status(),
            absl::DataLossError("digest differs"));
}

// A server that sends more than sockets hold, and notes how far it gets while
// the client does not read.
class Flood {
 public:
  static constexpr size_t kSize = 48 << 20;

  Flood()
      : server_([this](RawConnection& connection) {
          connection.ReadHead();
          connection.Send(OkHead(kSize));
          connection.SetSendTimeout(300);
          Send(connection);
        }) {}

  std::string Url() const { return server_.Url("/"); }
  // Blocks until nothing more goes out.
  size_t SentWhenStuck() { return stuck_.get_future().get(); }

 private:
  void Send(RawConnection& connection) {
    const std::string piece(1024, 'x');
    size_t sent = 0;
    bool stuck = false;
    while (sent < kSize) {
      if (connection.Send(piece)) {
        sent += piece.size();
      } else if (!std::exchange(stuck, true)) {
        stuck_.set_value(sent);
        connection.SetSendTimeout(20'000);
      } else {
        return;
      }
    }
  }

  std::promise<size_t> stuck_;
  RawServer server_;
};

TEST_F(TransportStreamTest, ASlowSinkHoldsTheSenderUpAndMissesNoDeadline) {
  Flood flood;
  TestSink sink;
  sink.room = false;
  HttpRequest request = Get(flood.Url(), sink);
  request.deadlines.stall = absl::Milliseconds(200);
  auto call = transport_->Start(std::move(request));
  // The sockets' own buffers take some megabytes; the transport next to none.
  EXPECT_LT(flood.SentWhenStuck(), Flood::kSize / 2);
  sink.MakeRoom();
  const auto response = call->Wait();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_GE(sink.body.size(), Flood::kSize - 1024);
}

TEST_F(TransportStreamTest, AnErrorOfTheSinkUponResumeEndsTheExchange) {
  Flood flood;
  TestSink sink;
  sink.room = false;
  auto call = transport_->Start(Get(flood.Url(), sink));
  sink.refusal.get_future().wait();
  sink.MakeRoom(absl::AbortedError("the writer is gone"));
  EXPECT_EQ(call->Wait().status(), absl::AbortedError("the writer is gone"));
}

TEST_F(TransportStreamTest, CancellingEndsAPausedExchange) {
  Flood flood;
  Cancellation cancellation;
  TestSink sink;
  sink.room = false;
  HttpRequest request = Get(flood.Url(), sink);
  request.cancellation = &cancellation;
  auto call = transport_->Start(std::move(request));
  sink.refusal.get_future().wait();
  cancellation.Cancel(absl::AbortedError("the lease ended"));
  EXPECT_EQ(call->Wait().status(), absl::AbortedError("the lease ended"));
}

TEST_F(TransportStreamTest, ABodyThatEndsWhilePausedIsNotLost) {
  RawServer server([](RawConnection& connection) {
    connection.ReadHead();
    connection.Send(OkHead(3) + "abc");
  });
  TestSink sink;
  sink.room = false;
  auto call = transport_->Start(Get(server.Url("/"), sink));
  sink.refusal.get_future().wait();
  sink.MakeRoom();
  const auto response = call->Wait();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(sink.body, "abc");
}

// Puts what a GET brings into a pipe.
class PipeSink : public BodySink {
 public:
  explicit PipeSink(BodyPipe* pipe) : pipe_(pipe) {}
  absl::Status Begin(int, const HttpHeaders&) override {
    return absl::OkStatus();
  }
  absl::Status Write(absl::string_view bytes) override {
    return pipe_->Write(bytes);
  }
  void SetResume(std::function<void()> resume) override {
    pipe_->SetWriterResume(std::move(resume));
  }

 private:
  BodyPipe* const pipe_;
};

TEST_F(TransportStreamTest, APipeCopiesFromOneServerToAnother) {
  const std::string body = Pattern(24 << 20);
  RawServer from([&](RawConnection& connection) {
    connection.ReadHead();
    connection.Send(OkHead(body.size()));
    connection.Send(body);
  });
  // Some capacities that no chunk fits, fits once, and fits many times.
  for (const size_t capacity : {1000, 20'000, 256 << 10}) {
    Receiver to;
    BodyPipe pipe(capacity);
    PipeSink sink(&pipe);
    auto put = transport_->Start(Put(to.Url(), pipe.source(), body.size()));
    auto get = transport_->Start(Get(from.Url("/"), sink));
    const auto read = get->Wait();
    ASSERT_TRUE(read.ok()) << read.status();
    pipe.Close(absl::OkStatus());
    const auto written = put->Wait();
    ASSERT_TRUE(written.ok()) << written.status();
    EXPECT_TRUE(to.Body() == body);
  }
}

TEST_F(TransportStreamTest, AReaderThatFailsFailsTheWriterOfThePipe) {
  Flood flood;
  RawServer refuses([](RawConnection& connection) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    connection.AwaitClose();
  });
  BodyPipe pipe;
  PipeSink sink(&pipe);
  auto get = transport_->Start(Get(flood.Url(), sink));
  auto put =
      transport_->Start(Put(refuses.Url("/"), pipe.source(), Flood::kSize));
  const absl::Status read = get->Wait().status();
  EXPECT_TRUE(absl::IsAborted(read)) << read;
  const auto written = put->Wait();
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_EQ(written->status, 403);
}

TEST_F(TransportStreamTest, AWriterThatFailsFailsTheReaderOfThePipe) {
  RawServer cut([](RawConnection& connection) {
    connection.ReadHead();
    connection.Send(OkHead(1000) + "abc");
  });
  RawServer waits([](RawConnection& connection) { connection.AwaitClose(); });
  BodyPipe pipe;
  PipeSink sink(&pipe);
  auto put = transport_->Start(Put(waits.Url("/"), pipe.source(), 1000));
  const absl::Status read =
      transport_->Execute(Get(cut.Url("/"), sink)).status();
  EXPECT_TRUE(absl::IsDataLoss(read)) << read;
  pipe.Close(read);
  EXPECT_EQ(put->Wait().status(), read);
}

}  // namespace
}  // namespace registry_manager
