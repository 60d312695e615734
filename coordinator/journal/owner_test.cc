// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/journal/owner.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gtest/gtest.h"

namespace registry_manager {
namespace {

TEST(OwnerTest, IsReadAsItIsWritten) {
  const Owner here = Owner::Here();
  const auto parsed = Owner::Parse(here.str());
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->str(), here.str());
  EXPECT_EQ(parsed->pid, getpid());
  EXPECT_NE(Owner::Here().nonce, here.nonce);
}

TEST(OwnerTest, HostsMayHoldColons) {
  const auto owner = Owner::Parse("a:b:17:99:boot-1:cafe");
  ASSERT_TRUE(owner.has_value());
  EXPECT_EQ(owner->host, "a:b");
  EXPECT_EQ(owner->pid, 17);
  EXPECT_EQ(owner->start_time, 99u);
}

TEST(OwnerTest, OtherTextIsNoOwner) {
  for (const char* text : {"", "host", "host:x:1:p:n", "host:0:1:p:n",
                           "host:-5:1:p:n", "host:1:x:p:n"}) {
    EXPECT_FALSE(Owner::Parse(text).has_value()) << text;
  }
}

TEST(OwnerTest, OnlyAProcessOfThisPlaceIsEverKnownDead) {
  Owner owner = Owner::Here();
  EXPECT_FALSE(owner.IsKnownDead());
  // Another process has got the number since.
  owner.start_time += 1;
  EXPECT_TRUE(owner.IsKnownDead());
  owner.place += "x";
  EXPECT_FALSE(owner.IsKnownDead());
  owner = Owner::Here();
  owner.start_time += 1;
  owner.host += "x";
  EXPECT_FALSE(owner.IsKnownDead());
}

TEST(OwnerTest, AnEndedProcessIsDeadWhetherItIsWaitedForOrNot) {
  Owner owner = Owner::Here();
  owner.pid = fork();
  if (owner.pid == 0) _exit(0);
  siginfo_t info;
  ASSERT_EQ(waitid(P_PID, owner.pid, &info, WEXITED | WNOWAIT), 0);
  EXPECT_TRUE(owner.IsKnownDead());
  ASSERT_EQ(waitpid(owner.pid, nullptr, 0), owner.pid);
  EXPECT_TRUE(owner.IsKnownDead());
}

}  // namespace
}  // namespace registry_manager
