#pragma once
// Memory that the ranks of one machine share: a slot for each, in which it keeps its gradient. A
// sum is then read from where the others computed, where sockets would copy it four times.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "train/part.hpp"

namespace repro::train {

class SharedSlots {
 public:
  // Of `count` slots of `bytes` each, under a new name. Null when this machine has not so much
  // shared memory.
  static std::shared_ptr<SharedSlots> create(int64_t count, size_t bytes);
  // What another rank created. Null when it is not there.
  static std::shared_ptr<SharedSlots> open(const std::string& name, int64_t count, size_t bytes);
  ~SharedSlots();
  SharedSlots(const SharedSlots&) = delete;
  SharedSlots& operator=(const SharedSlots&) = delete;

  const std::string& name() const { return name_; }
  void* slot(int64_t rank) const { return static_cast<std::byte*>(memory_) + rank * stride_; }
  // Once all have opened it: nobody else can, and it is gone with the last of them.
  void forget_name() const;

  // Into the slot of `rank`, of these elements: the sum of all slots, in their order, in fp32.
  void add_fp32(int64_t rank, const Part& part) const;
  void add_bf16(int64_t rank, const Part& part) const;
  // Into the slot of `rank`: what each other slot has of its own part.
  void collect(int64_t rank, int64_t elements, size_t element_bytes) const;

 private:
  SharedSlots(std::string name, int64_t count, size_t bytes);
  static std::shared_ptr<SharedSlots> map(std::string name, int flags, int64_t count, size_t bytes);

  std::string name_;
  int64_t count_;
  std::ptrdiff_t stride_;
  void* memory_ = nullptr;
};

}  // namespace repro::train
