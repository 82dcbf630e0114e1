#pragma once
// Trainings by several ranks, each a thread of this process.

#include <cstdlib>
#include <exception>
#include <thread>
#include <vector>

#include "train/ranks.hpp"
#include "train/training_fixture.hpp"

namespace repro::train {

// While it lives ranks talk over a socket, as on two machines, and share no memory.
class OverSockets {
 public:
  OverSockets() { ::setenv("GLOO_SOCKET_IFNAME", "lo", 1); }
  ~OverSockets() { ::unsetenv("GLOO_SOCKET_IFNAME"); }
  OverSockets(const OverSockets&) = delete;
  OverSockets& operator=(const OverSockets&) = delete;
};

// `body` once a rank, side by side; what the first of them throws, by rank, is thrown here.
template <typename Body>
void side_by_side(int64_t ranks, double timeout_seconds, const Body& body) {
  const TemporaryDirectory folder;
  std::vector<std::exception_ptr> errors(static_cast<size_t>(ranks));
  std::vector<std::thread> threads;
  for (int64_t rank = 0; rank < ranks; ++rank)
    threads.emplace_back([&, rank] {
      try {
        Ranks group({.rank = rank,
                     .ranks = ranks,
                     .meeting = folder.path() / "meeting",
                     .timeout_seconds = timeout_seconds});
        body(group);
      } catch (...) {
        errors[static_cast<size_t>(rank)] = std::current_exception();
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}

// A training of as many ranks as its spec says; marks the directory done.
inline nlohmann::json train_by_ranks(const run::RunDirectory& directory,
                                     const std::vector<const std::atomic<bool>*>& interrupts = {}) {
  const run::OpenedJob job = run::open_job(directory);
  const std::atomic<bool> never = false;
  nlohmann::json result;
  side_by_side(job.spec.value("ranks", int64_t{1}), 60, [&](Ranks& group) {
    const auto rank = static_cast<size_t>(group.rank());
    const nlohmann::json own =
        train(job, directory, interrupts.empty() ? never : *interrupts[rank], group);
    if (group.first()) result = own;
  });
  Runs::finish(directory, result);
  return result;
}

}  // namespace repro::train
