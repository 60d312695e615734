// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "common/http/pipe.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "absl/status/status.h"

namespace registry_manager {
namespace {

// What the source gives now, or the name of its error.
std::string ReadNow(BodyPipe& pipe, size_t size = 1000) {
  std::array<char, 1000> buffer;
  const absl::StatusOr<size_t> count = pipe.source().Read(buffer.data(), size);
  if (!count.ok()) return absl::StatusCodeToString(count.status().code());
  return std::string(buffer.data(), *count);
}

TEST(BodyPipeTest, BringsBytesInOrderAndEnds) {
  BodyPipe pipe(10);
  EXPECT_TRUE(pipe.Write("abc").ok());
  EXPECT_TRUE(pipe.Write("def").ok());
  EXPECT_EQ(ReadNow(pipe, 4), "abcd");
  EXPECT_TRUE(pipe.Write("ghi").ok());
  pipe.Close(absl::OkStatus());
  EXPECT_EQ(ReadNow(pipe), "efghi");
  EXPECT_EQ(ReadNow(pipe), "");
}

TEST(BodyPipeTest, TakesAllOrNothing) {
  BodyPipe pipe(4);
  EXPECT_TRUE(pipe.Write("abc").ok());
  EXPECT_TRUE(absl::IsUnavailable(pipe.Write("de")));
  EXPECT_TRUE(pipe.Write("d").ok());
  EXPECT_EQ(ReadNow(pipe), "abcd");
}

TEST(BodyPipeTest, AnEmptyBufferTakesMoreThanItsCapacity) {
  BodyPipe pipe(4);
  EXPECT_TRUE(pipe.Write("abcdefgh").ok());
  EXPECT_TRUE(absl::IsUnavailable(pipe.Write("i")));
  EXPECT_EQ(ReadNow(pipe), "abcdefgh");
}

TEST(BodyPipeTest, ResumesAReaderThatWaits) {
  BodyPipe pipe(4);
  int resumed = 0;
  pipe.source().SetResume([&] { ++resumed; });
  EXPECT_TRUE(pipe.Write("a").ok());
  EXPECT_EQ(resumed, 0);
  EXPECT_EQ(ReadNow(pipe), "a");
  EXPECT_EQ(ReadNow(pipe), "UNAVAILABLE");
  EXPECT_TRUE(pipe.Write("").ok());
  EXPECT_EQ(resumed, 0);
  EXPECT_TRUE(pipe.Write("b").ok());
  EXPECT_TRUE(pipe.Write("c").ok());
  EXPECT_EQ(resumed, 1);
  EXPECT_EQ(ReadNow(pipe), "bc");
  EXPECT_EQ(ReadNow(pipe), "UNAVAILABLE");
  pipe.Close(absl::OkStatus());
  EXPECT_EQ(resumed, 2);
}

TEST(BodyPipeTest, ResumesAWriterThatWaitsWhenHalfIsFree) {
  BodyPipe pipe(4);
  int resumed = 0;
  pipe.SetWriterResume([&] { ++resumed; });
  EXPECT_TRUE(pipe.Write("abcd").ok());
  EXPECT_TRUE(absl::IsUnavailable(pipe.Write("ef")));
  EXPECT_EQ(ReadNow(pipe, 1), "a");
  EXPECT_EQ(resumed, 0);
  EXPECT_EQ(ReadNow(pipe, 1), "b");
  EXPECT_EQ(resumed, 1);
  EXPECT_TRUE(pipe.Write("ef").ok());
  EXPECT_EQ(ReadNow(pipe), "cdef");
  EXPECT_EQ(resumed, 1);
}

TEST(BodyPipeTest, AnErrorOfTheWriterReachesTheReaderAtOnce) {
  BodyPipe pipe(4);
  EXPECT_TRUE(pipe.Write("abc").ok());
  pipe.Close(absl::DataLossError("digest"));
  EXPECT_EQ(ReadNow(pipe), "DATA_LOSS");
  EXPECT_TRUE(absl::IsDataLoss(pipe.Write("d")));
}

TEST(BodyPipeTest, WritingAfterTheEndIsAnError) {
  BodyPipe pipe(4);
  pipe.Close(absl::OkStatus());
  EXPECT_TRUE(absl::IsFailedPrecondition(pipe.Write("a")));
}

TEST(BodyPipeTest, ABrokenPipeFailsTheWriterAndWakesIt) {
  BodyPipe pipe(2);
  int resumed = 0;
  pipe.SetWriterResume([&] { ++resumed; });
  EXPECT_TRUE(pipe.Write("ab").ok());
  EXPECT_TRUE(absl::IsUnavailable(pipe.Write("c")));
  pipe.Break(absl::PermissionDeniedError("403"));
  EXPECT_EQ(resumed, 1);
  EXPECT_TRUE(absl::IsPermissionDenied(pipe.Write("c")));
}

// Unavailable would be waited for, and nobody would wake who waits.
TEST(BodyPipeTest, AnEndIsNeverAPause) {
  BodyPipe closed;
  closed.Close(absl::UnavailableError("the source answers 500"));
  char byte;
  EXPECT_TRUE(absl::IsAborted(closed.source().Read(&byte, 1).status()));
  EXPECT_TRUE(absl::IsAborted(closed.Write("a")));
  BodyPipe broken;
  broken.Break(absl::UnavailableError("the target is gone"));
  EXPECT_TRUE(absl::IsAborted(broken.Write("a")));
}

TEST(BodyPipeTest, BreaksWhenTheReadingExchangeEnds) {
  BodyPipe pipe(2);
  int resumed = 0;
  pipe.SetWriterResume([&] { ++resumed; });
  pipe.source().SetResume([] {});
  EXPECT_TRUE(pipe.Write("ab").ok());
  EXPECT_TRUE(absl::IsUnavailable(pipe.Write("c")));
  pipe.source().SetResume({});
  EXPECT_EQ(resumed, 1);
  EXPECT_TRUE(absl::IsAborted(pipe.Write("c")));
}

}  // namespace
}  // namespace registry_manager
