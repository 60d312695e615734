// Copyright 2026 The registry-manager authors.
// SPDX-License-Identifier: Apache-2.0

#include "coordinator/server/side_thread.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <future>
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

TEST(SideThreadTest, CarriesOutWhatWasPostedBeforeItGoes) {
  int written = 0;
  {
    SideThread side;
    for (int i = 0; i < 10; ++i) {
      side.Post(
          [&] {
            ++written;
            return absl::OkStatus();
          },
          [](const absl::Status&, absl::Time) { ADD_FAILURE(); });
    }
  }
  EXPECT_EQ(written, 10);
}

}  // namespace
}  // namespace registry_manager
