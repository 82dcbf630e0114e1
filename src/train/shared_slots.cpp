#include "train/shared_slots.hpp"

#include <ATen/Parallel.h>
#include <c10/util/BFloat16.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <random>

namespace repro::train {
namespace {

constexpr int64_t kBlock = 4096;  // elements added at a time, in a buffer of the stack

std::string new_name() {
  std::random_device random;
  return fmt::format("/repro-{}-{:08x}{:08x}", ::getpid(), random(), random());
}

// The sum of the slots' elements from `begin` on, in the slots' order.
template <typename T>
void add_block(const SharedSlots& slots, int64_t count, int64_t rank, int64_t begin,
               int64_t length) {
  std::array<float, kBlock> sum;
  const auto* first = static_cast<const T*>(slots.slot(0)) + begin;
  for (int64_t i = 0; i < length; ++i) sum[static_cast<size_t>(i)] = static_cast<float>(first[i]);
  for (int64_t other = 1; other < count; ++other) {
    const auto* values = static_cast<const T*>(slots.slot(other)) + begin;
    for (int64_t i = 0; i < length; ++i)
      sum[static_cast<size_t>(i)] += static_cast<float>(values[i]);
  }
  auto* out = static_cast<T*>(slots.slot(rank)) + begin;
  for (int64_t i = 0; i < length; ++i) out[i] = static_cast<T>(sum[static_cast<size_t>(i)]);
}

template <typename T>
void add(const SharedSlots& slots, int64_t count, int64_t rank, const Part& part) {
  const int64_t blocks = (part.count + kBlock - 1) / kBlock;
  at::parallel_for(0, blocks, 1, [&](int64_t first, int64_t last) {
    for (int64_t block = first; block < last; ++block) {
      const int64_t begin = part.first + block * kBlock;
      add_block<T>(slots, count, rank, begin, std::min(kBlock, part.end() - begin));
    }
  });
}

}  // namespace

SharedSlots::SharedSlots(std::string name, int64_t count, size_t bytes)
    : name_(std::move(name)), count_(count) {
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  stride_ = static_cast<std::ptrdiff_t>((bytes + page - 1) / page * page);
}

std::shared_ptr<SharedSlots> SharedSlots::map(std::string name, int flags, int64_t count,
                                              size_t bytes) {
  const std::shared_ptr<SharedSlots> slots(new SharedSlots(std::move(name), count, bytes));
  const int descriptor = ::shm_open(slots->name_.c_str(), flags | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor < 0) return nullptr;
  const auto all = static_cast<size_t>(slots->stride_ * count);
  // Without room a later touch would be SIGBUS, so the room is taken here.
  const bool room =
      (flags & O_CREAT) == 0 || ::posix_fallocate(descriptor, 0, static_cast<off_t>(all)) == 0;
  void* memory =
      room ? ::mmap(nullptr, all, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0) : MAP_FAILED;
  ::close(descriptor);
  if (memory == MAP_FAILED) {
    if ((flags & O_CREAT) != 0) slots->forget_name();
    return nullptr;
  }
  slots->memory_ = memory;
  return slots;
}

std::shared_ptr<SharedSlots> SharedSlots::create(int64_t count, size_t bytes) {
  return map(new_name(), O_CREAT | O_EXCL, count, bytes);
}

std::shared_ptr<SharedSlots> SharedSlots::open(const std::string& name, int64_t count,
                                               size_t bytes) {
  return map(name, 0, count, bytes);
}

SharedSlots::~SharedSlots() {
  if (memory_ != nullptr) ::munmap(memory_, static_cast<size_t>(stride_ * count_));
}

void SharedSlots::forget_name() const { ::shm_unlink(name_.c_str()); }

void SharedSlots::add_fp32(int64_t rank, const Part& part) const {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  add<float>(*this, count_, rank, part);
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

void SharedSlots::add_bf16(int64_t rank, const Part& part) const {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  add<c10::BFloat16>(*this, count_, rank, part);
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

void SharedSlots::collect(int64_t rank, int64_t elements, size_t element_bytes) const {
  for (int64_t other = 0; other < count_; ++other) {
    if (other == rank) continue;
    const Part part = part_of(elements, other, count_);
    const auto from = static_cast<size_t>(part.first) * element_bytes;
    std::memcpy(static_cast<std::byte*>(slot(rank)) + from,
                static_cast<const std::byte*>(slot(other)) + from,
                static_cast<size_t>(part.count) * element_bytes);
  }
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

}  // namespace repro::train
