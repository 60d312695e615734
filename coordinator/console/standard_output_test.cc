// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/console/standard_output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace registry_manager {
namespace {

using testing::ExitedWithCode;

// Prints to `fd` and ends with what is known of it then: in a process of its
// own, whose standard output it takes.
[[noreturn]] void PrintTo(int fd) {
  signal(SIGPIPE, SIG_IGN);
  dup2(fd, STDOUT_FILENO);
  WatchStandardOutput();
  printf("one\n");
  fflush(stdout);
  printf("two\n");
  fflush(stdout);
  _exit(StandardOutputError());
}

TEST(StandardOutputTest, ArrivesWhole) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  EXPECT_EXIT(PrintTo(ends[1]), ExitedWithCode(0), "");
  char text[9] = {};
  EXPECT_EQ(read(ends[0], text, 8), 8);
  EXPECT_STREQ(text, "one\ntwo\n");
}

TEST(StandardOutputTest, KnowsThatTheDiskIsFull) {
  EXPECT_EXIT(PrintTo(open("/dev/full", O_WRONLY)), ExitedWithCode(ENOSPC), "");
}

TEST(StandardOutputTest, KnowsThatNobodyReads) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  EXPECT_EXIT(PrintTo(ends[1]), ExitedWithCode(EPIPE), "");
}

}  // namespace
}  // namespace registry_manager
