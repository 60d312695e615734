// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/server/side_thread.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <future>
#include <optional>
#include <thread>
#include <vector>

#include "absl/time/clock.h"

namespace registry_manager {
namespace {

const absl::Time kNow = absl::UnixEpoch() + absl::Seconds(17);

bool IsReadable(int fd, int milliseconds) {
  pollfd one = {fd, POLLIN, 0};
  return poll(&one, 1, milliseconds) == 1;
}

TEST(SideThreadTest, WorksInOrderOnAThreadOfItsOwn) {
  std::vector<int> written;
  std::optional<std::thread::id> thread;
  SideThread side;
  for (int i = 0; i < 100; ++i) {
    side.Post(
        [&, i] {
          written.push_back(i);
          thread = std::this_thread::get_id();
          return absl::OkStatus();
        },
        [](const absl::Status&, absl::Time) {});
  }
  side.Wait();
  ASSERT_EQ(written.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(written[i], i);
  EXPECT_NE(*thread, std::this_thread::get_id());
}

TEST(SideThreadTest, TellsOnTheCallersThreadHowWorkCameOut) {
  SideThread side;
  EXPECT_FALSE(IsReadable(side.fd(), 0));
  std::optional<absl::Status> told;
  side.Post([] { return absl::AbortedError("fenced"); },
            [&](const absl::Status& status, absl::Time now) {
              told = status;
              EXPECT_EQ(now, kNow);
            });
  ASSERT_TRUE(IsReadable(side.fd(), 10000));
  EXPECT_EQ(told, std::nullopt);
  side.Deliver(kNow);
  EXPECT_EQ(told, absl::AbortedError("fenced"));
  EXPECT_FALSE(IsReadable(side.fd(), 0));
}

TEST(SideThreadTest, WorkThatIsPostedDuringADeliveryComesLater) {
  SideThread side;
  int told = 0;
  const auto write = [] { return absl::OkStatus(); };
  side.Post(write, [&](const absl::Status&, absl::Time) {
    ++told;
    side.Post(write, [&](const absl::Status&, absl::Time) { ++told; });
  });
  side.Wait();
  side.Deliver(kNow);
  EXPECT_EQ(told, 1);
  side.Wait();
  side.Deliver(kNow);
  EXPECT_EQ(told, 2);
}

TEST(SideThreadTest, DoesNotKeepItsCallerWaiting) {
  std::promise<void> may_write;
  SideThread side;
  side.Post(
      [&] {
        may_write.get_future().wait();
        return absl::OkStatus();
      },
      [](const absl::Status&, absl::Time) {});
  side.Deliver(kNow);
  EXPECT_FALSE(IsReadable(side.fd(), 0));
  may_write.set_value();
  EXPECT_TRUE(IsReadable(side.fd(), 10000));
}

TEST(SideThreadTest, DropsWhatHasNotBegunWhenItGoes) {
  std::promise<void> begun, may_end;
  int worked = 0;
  std::thread ender;
  {
    SideThread side;
    side.Post(
        [&] {
          begun.set_value();
          may_end.get_future().wait();
          ++worked;
          return absl::OkStatus();
        },
        [](const absl::Status&, absl::Time) { ADD_FAILURE(); });
    side.Post(
        [&] {
          ++worked;
          return absl::OkStatus();
        },
        [](const absl::Status&, absl::Time) { ADD_FAILURE(); });
    begun.get_future().wait();
    // By then the destructor waits, as a rule.
    ender = std::thread([&] {
      absl::SleepFor(absl::Milliseconds(50));
      may_end.set_value();
    });
  }
  ender.join();
  EXPECT_EQ(worked, 1);
}

}  // namespace
}  // namespace registry_manager
