// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/server/side_thread.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

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
  std::promise<void> begun, dropped;
  bool is_dropped_first = false;
  const auto not_told = [](const absl::Status&, absl::Time) { ADD_FAILURE(); };
  {
    SideThread side;
    side.Post(
        [&] {
          begun.set_value();
          is_dropped_first =
              dropped.get_future().wait_for(std::chrono::seconds(10)) ==
              std::future_status::ready;
          return absl::OkStatus();
        },
        not_told);
    const std::shared_ptr<void> held(nullptr,
                                     [&](void*) { dropped.set_value(); });
    side.Post(
        [held] {
          ADD_FAILURE();
          return absl::OkStatus();
        },
        not_told);
    begun.get_future().wait();
  }
  EXPECT_TRUE(is_dropped_first);
}

}  // namespace
}  // namespace registry_manager
