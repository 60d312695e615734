// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/registry/api/blobs.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/http/raw_server.h"
#include "common/registry/connection/errors.h"
#include "common/registry/testing/client_fixture.h"
#include "common/registry/testing/registry_process.h"
#include "common/registry/testing/scripted_registry.h"

namespace registry_manager {
namespace {

using httplib::Request;
using httplib::Response;

Descriptor BlobOf(const std::string& bytes) {
  return {"application/octet-stream", Digest::Of(bytes), bytes.size()};
}

// Takes all that a pipe brings, as an exchange would.
class PipeReader {
 public:
  explicit PipeReader(BodyPipe& pipe)
      : pipe_(pipe), thread_([this] { Run(); }) {}
  ~PipeReader() {
    if (thread_.joinable()) thread_.join();
  }

  absl::Status Join() {
    thread_.join();
    return status_;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void Run() {
    std::mutex mutex;
    std::condition_variable ready;
    bool resumed = false;
    pipe_.source().SetResume([&] {
      const std::lock_guard<std::mutex> lock(mutex);
      resumed = true;
      ready.notify_one();
    });
    std::string buffer(10000, 0);
    while (true) {
      const auto read = pipe_.source().Read(buffer.data(), buffer.size());
      if (absl::IsUnavailable(read.status())) {
        std::unique_lock<std::mutex> lock(mutex);
        ready.wait(lock, [&] { return resumed; });
        resumed = false;
      } else if (!read.ok()) {
        status_ = read.status();
        break;
      } else if (*read == 0) {
        break;
      } else {
        bytes_.append(buffer, 0, *read);
      }
    }
    pipe_.source().SetResume({});
  }

  BodyPipe& pipe_;
  absl::Status status_;
  std::string bytes_;
  std::thread thread_;
};

struct Streamed {
  absl::Status status;
  absl::Status at_reader;
  std::string bytes;
};

Streamed StreamFrom(const std::string& url, const Descriptor& blob) {
  ClientFixture fixture(url);
  BodyPipe pipe;
  PipeReader reader(pipe);
  Streamed streamed;
  EXPECT_TRUE(fixture.gate().Acquire(1, &fixture.cancellation()).ok());
  GatePass pass(&fixture.gate());
  streamed.status = StreamBlob(fixture.client(), "r", blob, pipe, pass);
  streamed.at_reader = reader.Join();
  streamed.bytes = reader.bytes();
  return streamed;
}

TEST(BlobsTest, OfARealRegistry) {
  RegistryProcess registry;
  ClientFixture fixture(registry.url());
  const std::string bytes = TestBytes(300000);
  const Descriptor blob = BlobOf(bytes);
  EXPECT_FALSE(*HasBlob(fixture.client(), "r", blob));
  PushTestBlob(fixture.client(), "r", bytes, "x/y");
  EXPECT_TRUE(*HasBlob(fixture.client(), "r", blob));
  EXPECT_EQ(*FetchBlob(fixture.client(), "r", blob), bytes);
  const Streamed streamed = StreamFrom(registry.url(), blob);
  EXPECT_TRUE(streamed.status.ok()) << streamed.status;
  EXPECT_EQ(streamed.bytes, bytes);
}

TEST(BlobsTest, AnEmptyBlobIsOneToo) {
  RegistryProcess registry;
  ClientFixture fixture(registry.url());
  PushTestBlob(fixture.client(), "r", "", "x/y");
  EXPECT_EQ(*FetchBlob(fixture.client(), "r", BlobOf("")), "");
}

// HEAD is answered with `head`, GET with `get`.
std::function<void(RawConnection&)> AnswerWith(const std::string& head,
                                               const std::string& get) {
  return [=](RawConnection& connection) {
    const std::string request = connection.ReadHead();
    if (request.empty()) return;
    connection.Send(absl::StartsWith(request, "HEAD") ? head : get);
  };
}

TEST(BlobsTest, ABlobOfAnotherLengthIsBroken) {
  const std::string none =
      "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
  const std::string tells = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
  const std::string empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  const std::string silent =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string range =
      "HTTP/1.1 206 Partial Content\r\nContent-Length: 1\r\n"
      "Content-Range: bytes 2-2/3\r\n\r\nc";
  const std::string short_range =
      "HTTP/1.1 416 Range\r\nContent-Range: bytes */0\r\n"
      "Content-Length: 0\r\n\r\n";
  struct {
    std::string head, get;
    BlobState state;
  } const cases[] = {
      {tells, none, BlobState::kPresent},
      {empty, none, BlobState::kBroken},
      {silent, range, BlobState::kPresent},
      {silent, short_range, BlobState::kBroken},
      {silent, empty, BlobState::kBroken},
      {silent, none, BlobState::kAbsent},
      {none, range, BlobState::kAbsent},
  };
  for (const auto& one : cases) {
    RawServer server(AnswerWith(one.head, one.get));
    ClientFixture fixture(server.Url(""));
    const auto state = LookForBlob(fixture.client(), "r", BlobOf("abc"));
    ASSERT_TRUE(state.ok()) << state.status();
    EXPECT_EQ(*state, one.state) << one.head << one.get;
    EXPECT_EQ(fixture.connection().has_broken_blobs,
              one.state == BlobState::kBroken);
  }
}

TEST(BlobsTest, WhereThereIsNoHeadABlobIsNotKnownToBeThere) {
  for (const int refusal : {400, 405, 501}) {
    ScriptedRegistry server([&](const Request&, Response& response) {
      response.status = refusal;
      return true;
    });
    ClientFixture fixture(server.url());
    const auto present = HasBlob(fixture.client(), "r", BlobOf("x"));
    ASSERT_TRUE(present.ok()) << present.status();
    EXPECT_FALSE(*present);
  }
}

TEST(BlobsTest, ARedirectToStorageCountsAsPresent) {
  ScriptedRegistry server([](const Request&, Response& response) {
    response.status = 307;
    response.set_header("Location", "http://storage.invalid/x");
    return true;
  });
  ClientFixture fixture(server.url());
  EXPECT_TRUE(*HasBlob(fixture.client(), "r", BlobOf("x")));
}

TEST(BlobsTest, SmallBlobsAreVerified) {
  std::string body = "other";
  ScriptedRegistry server([&](const Request&, Response& response) {
    response.set_content(body, "x/y");
    return true;
  });
  ClientFixture fixture(server.url());
  EXPECT_TRUE(absl::IsDataLoss(
      FetchBlob(fixture.client(), "r", BlobOf("blobs")).status()));
  body = "blobs and more";
  EXPECT_FALSE(FetchBlob(fixture.client(), "r", BlobOf("blobs")).ok());
  Descriptor large = BlobOf("blobs");
  large.size = 5 << 20;
  EXPECT_TRUE(
      absl::IsOutOfRange(FetchBlob(fixture.client(), "r", large).status()));
}

// Serves `bytes`, each connection's answer cut after `cut` bytes of it.
class CuttingServer {
 public:
  CuttingServer(std::string bytes, size_t cut, bool honours_range)
      : bytes_(std::move(bytes)),
        cut_(cut),
        honours_range_(honours_range),
        server_([this](RawConnection& connection) { Serve(connection); }) {}

  std::string url() const { return server_.Url(""); }
  int requests() const { return requests_; }

 private:
  void Serve(RawConnection& connection) {
    const std::string head = connection.ReadHead();
    if (head.empty()) return;
    const bool first = ++requests_ == 1;
    size_t offset = 0;
    const size_t range = head.find("Range: bytes=");
    if (honours_range_ && range != std::string::npos) {
      offset = std::stoul(head.substr(range + 13));
    }
    const std::string rest = bytes_.substr(offset);
    connection.Send(absl::StrCat(
        offset > 0 ? "HTTP/1.1 206 Partial Content\r\n" : "HTTP/1.1 200 OK\r\n",
        offset > 0 ? absl::StrCat("Content-Range: bytes ", offset, "-",
                                  bytes_.size() - 1, "/", bytes_.size(), "\r\n")
                   : "",
        "Content-Length: ", rest.size(), "\r\n\r\n",
        first ? rest.substr(0, cut_) : rest));
  }

  const std::string bytes_;
  const size_t cut_;
  const bool honours_range_;
  std::atomic<int> requests_ = 0;
  RawServer server_;
};

TEST(StreamBlobTest, GoesOnFromWhereItWasCut) {
  const std::string bytes = TestBytes(2000000);
  CuttingServer server(bytes, 1200000, /*honours_range=*/true);
  const Streamed streamed = StreamFrom(server.url(), BlobOf(bytes));
  EXPECT_TRUE(streamed.status.ok()) << streamed.status;
  EXPECT_TRUE(streamed.at_reader.ok());
  EXPECT_TRUE(streamed.bytes == bytes);
  EXPECT_EQ(server.requests(), 2);
}

TEST(StreamBlobTest, SkipsWhatAServerThatIgnoresRangeSendsAgain) {
  const std::string bytes = TestBytes(2000000);
  CuttingServer server(bytes, 1200000, /*honours_range=*/false);
  const Streamed streamed = StreamFrom(server.url(), BlobOf(bytes));
  EXPECT_TRUE(streamed.status.ok()) << streamed.status;
  EXPECT_TRUE(streamed.bytes == bytes);
}

TEST(StreamBlobTest, AnotherRangeThanAskedForIsCutToMeasureOrRefused) {
  const std::string bytes = TestBytes(100000);
  for (const int shift : {-1000, 1000}) {
    std::atomic<int> requests = 0;
    RawServer server([&](RawConnection& connection) {
      if (connection.ReadHead().empty()) return;
      if (++requests == 1) {
        connection.Send(
            absl::StrCat("HTTP/1.1 200 OK\r\nContent-Length: ", bytes.size(),
                         "\r\n\r\n", bytes.substr(0, 50000)));
        return;
      }
      const size_t first = 50000 + shift;
      connection.Send(absl::StrCat(
          "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes ", first, "-",
          bytes.size() - 1, "/", bytes.size(), "\r\nContent-Length: ",
          bytes.size() - first, "\r\n\r\n", bytes.substr(first)));
    });
    const Streamed streamed = StreamFrom(server.Url(""), BlobOf(bytes));
    EXPECT_EQ(streamed.status.ok(), shift < 0) << streamed.status;
    EXPECT_EQ(streamed.bytes == bytes, shift < 0);
  }
}

TEST(StreamBlobTest, CorruptedBytesNeverComplete) {
  const std::string bytes = TestBytes(1000000);
  std::string corrupted = bytes;
  corrupted[500000] ^= 1;
  CuttingServer server(corrupted, corrupted.size(), true);
  const Streamed streamed = StreamFrom(server.url(), BlobOf(bytes));
  EXPECT_TRUE(absl::IsDataLoss(streamed.status));
  EXPECT_TRUE(absl::IsDataLoss(streamed.at_reader));
  EXPECT_LT(streamed.bytes.size(), bytes.size());
  EXPECT_EQ(server.requests(), 1);
}

TEST(StreamBlobTest, ABlobOfAnotherLengthNeverCompletes) {
  const std::string bytes = TestBytes(1000000);
  CuttingServer longer(bytes + "x", bytes.size() + 1, true);
  EXPECT_TRUE(absl::IsDataLoss(StreamFrom(longer.url(), BlobOf(bytes)).status));
  const std::string part = bytes.substr(0, 600000);
  ScriptedRegistry shorter([&](const Request& request, Response& response) {
    if (request.has_header("Range")) return response.status = 416, true;
    response.set_content(part, "x/y");
    return true;
  });
  const Streamed streamed = StreamFrom(shorter.url(), BlobOf(bytes));
  EXPECT_TRUE(absl::IsDataLoss(streamed.status)) << streamed.status;
  EXPECT_FALSE(streamed.at_reader.ok());
  EXPECT_LT(streamed.bytes.size(), bytes.size());
}

TEST(StreamBlobTest, AnOverloadedSourceIsWaitedFor) {
  const std::string bytes = TestBytes(100000);
  std::atomic<int> asked = 0;
  ScriptedRegistry server([&](const Request&, Response& response) {
    const int number = ++asked;
    if (number <= 2) return response.status = number == 1 ? 429 : 503, true;
    response.set_content(bytes, "x/y");
    return true;
  });
  const Streamed streamed = StreamFrom(server.url(), BlobOf(bytes));
  EXPECT_TRUE(streamed.status.ok()) << streamed.status;
  EXPECT_TRUE(streamed.bytes == bytes);
}

// All bytes have come, and are right: how the body ended says nothing more.
TEST(StreamBlobTest, WhatIsCompleteNeedsNoEnd) {
  const std::string bytes = TestBytes(1 << 20);
  for (const std::string& framing :
       {absl::StrCat("Transfer-Encoding: chunked\r\n\r\n",
                     absl::Hex(bytes.size()), "\r\n"),
        absl::StrCat("Content-Length: ", bytes.size() + 1, "\r\n\r\n")}) {
    std::atomic<int> requests = 0;
    RawServer server([&](RawConnection& connection) {
      if (connection.ReadHead().empty()) return;
      ++requests;
      connection.Send(absl::StrCat("HTTP/1.1 200 OK\r\n", framing, bytes));
    });
    const Streamed streamed = StreamFrom(server.Url(""), BlobOf(bytes));
    EXPECT_TRUE(streamed.status.ok()) << streamed.status;
    EXPECT_TRUE(streamed.bytes == bytes);
    EXPECT_EQ(requests, 1);
  }
}

TEST(StreamBlobTest, ABlobThatIsNotThereIsNotFound) {
  RegistryProcess registry;
  ClientFixture fixture(registry.url());
  PushTestImage(fixture.client(), "r", "latest");
  const Streamed streamed = StreamFrom(registry.url(), BlobOf("nowhere"));
  EXPECT_TRUE(absl::IsNotFound(streamed.status));
  EXPECT_TRUE(absl::IsNotFound(streamed.at_reader));
}

TEST(StreamBlobTest, AReaderThatIsGoneEndsIt) {
  const std::string bytes = TestBytes(2000000);
  CuttingServer server(bytes, bytes.size(), true);
  ClientFixture fixture(server.url());
  BodyPipe pipe;
  pipe.Break(absl::AbortedError("gone"));
  ASSERT_TRUE(fixture.gate().Acquire(1, &fixture.cancellation()).ok());
  GatePass pass(&fixture.gate());
  EXPECT_TRUE(absl::IsAborted(
      StreamBlob(fixture.client(), "r", BlobOf(bytes), pipe, pass)));
}

}  // namespace
}  // namespace registry_manager
