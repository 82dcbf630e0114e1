#include "train/ranks.hpp"

#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <thread>
#include <utility>

#include "base/stopwatch.hpp"
#include "base/text.hpp"
#include "train/shared_slots.hpp"

namespace repro::train {
namespace {

using std::chrono::milliseconds;
using Gloo = c10d::ProcessGroupGloo;

// While the first evaluates or writes, the others wait; that it ended they learn at once.
constexpr std::chrono::hours kAloneHours{24 * 7};
constexpr milliseconds kLookEvery{10};

milliseconds to_milliseconds(double seconds) {
  return milliseconds(static_cast<int64_t>(1000 * seconds));
}

const char* named_interface() {
  const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
  return interface != nullptr && *interface != '\0' ? interface : nullptr;
}

std::shared_ptr<::gloo::transport::Device> open_network() {
  const char* interface = named_interface();
  try {
    if (interface != nullptr) return Gloo::createDeviceForInterface(interface);
    return Gloo::createDeviceForHostname("127.0.0.1");
  } catch (const std::exception& error) {
    throw Error(Exit::run_failed, "ranks: no network between them: {}{}",
                split(error.what(), '\n').front(),
                interface != nullptr ? "; GLOO_SOCKET_IFNAME names the interface" : "");
  }
}

// bf16 is added in fp32.
std::vector<at::Tensor> on_the_wire(const at::Tensor& tensor) {
  const bool narrow = tensor.scalar_type() == at::kBFloat16;
  return {tensor.to(at::kCPU, narrow ? at::kFloat : tensor.scalar_type())};
}

// Until every rank has left its word in the store; one that could not start never does.
void wait_for_ranks(c10d::FileStore& store, const RankPlace& place) {
  const Stopwatch waiting;
  const auto word = [](int64_t rank) { return fmt::format("here/{}", rank); };
  store.set(word(place.rank), std::vector<uint8_t>{1});
  for (int64_t rank = 0; rank < place.ranks;) {
    if (store.check({word(rank)})) {
      ++rank;
      continue;
    }
    if (place.while_waiting) place.while_waiting();
    if (waiting.seconds() > place.timeout_seconds)
      throw RankLost(Exit::run_failed, "rank {}: rank {} did not come within {}", place.rank, rank,
                     human_seconds(place.timeout_seconds));
    std::this_thread::sleep_for(kLookEvery);
  }
}

}  // namespace

std::vector<std::string> rank_prefix(int64_t rank) {
  const char* text = std::getenv("REPRO_RANK_PREFIX");
  std::vector<std::string> words;
  for (std::string word : split(text == nullptr ? "" : text, ' ')) {
    if (word.empty()) continue;
    const std::string place = "{rank}";
    if (const size_t at = word.find(place); at != std::string::npos)
      word.replace(at, place.size(), std::to_string(rank));
    words.push_back(std::move(word));
  }
  return words;
}

struct Ranks::Group {
  c10::intrusive_ptr<c10d::FileStore> store;
  c10::intrusive_ptr<Gloo> gloo;
  std::vector<std::shared_ptr<SharedSlots>> slots = {};  // of tensors that are kept shared
  int asked_for = 0;                                     // slots, granted or not
  struct Begun {
    at::Tensor tensor;
    std::vector<at::Tensor> wire;  // what travels
    c10::intrusive_ptr<c10d::Work> work;
  };
  std::vector<Begun> begun = {};
  std::exception_ptr begin_failed = {};

  // What an operation throws, as one line.
  static void make(const RankPlace& place,
                   const std::function<c10::intrusive_ptr<c10d::Work>()>& start) {
    try {
      start()->wait();
    } catch (const std::exception& error) {
      throw RankLost(Exit::run_failed, "rank {}: lost another rank: {}", place.rank,
                     split(error.what(), '\n').front());
    }
  }
};

Ranks::Ranks() = default;
Ranks::~Ranks() = default;
Ranks::Ranks(Ranks&&) noexcept = default;
Ranks& Ranks::operator=(Ranks&&) noexcept = default;

Ranks::Ranks(const RankPlace& place) : place_(place) {
  check(place.ranks >= 1 && place.rank >= 0 && place.rank < place.ranks, "a rank is one of all");
  if (alone()) return;
  const milliseconds timeout = to_milliseconds(place.timeout_seconds);
  auto options = Gloo::Options::create(timeout);
  options->devices.push_back(open_network());
  options->threads = 1;
  try {
    auto group = std::make_unique<Group>();
    group->store =
        c10::make_intrusive<c10d::FileStore>(place.meeting.string(), static_cast<int>(place.ranks));
    group->store->setTimeout(timeout);
    wait_for_ranks(*group->store, place);
    group->gloo = c10::make_intrusive<Gloo>(group->store, static_cast<int>(place.rank),
                                            static_cast<int>(place.ranks), options);
    group_ = std::move(group);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw RankLost(Exit::run_failed, "rank {}: the {} ranks did not meet within {}: {}", place.rank,
                   place.ranks, human_seconds(place.timeout_seconds),
                   split(error.what(), '\n').front());
  }
}

void Ranks::sum(const at::Tensor& tensor) {
  if (alone()) return;
  const Stopwatch watch;
  if (const SharedSlots* slots = slots_of(tensor)) {
    sum_in_memory(*slots, tensor);
    seconds_ += watch.seconds();
    return;
  }
  std::vector<at::Tensor> wire = on_the_wire(tensor);
  group_->make(place_, [&] { return group_->gloo->allreduce(wire, {}); });
  if (!wire[0].is_same(tensor)) tensor.copy_(wire[0]);
  seconds_ += watch.seconds();
}

void Ranks::begin_sum(const at::Tensor& tensor) {
  if (alone() || group_->begin_failed) return;
  const Stopwatch watch;
  try {
    Group::Begun sum{.tensor = tensor, .wire = on_the_wire(tensor), .work = {}};
    sum.work = group_->gloo->allreduce(sum.wire, {});
    group_->begun.push_back(std::move(sum));
  } catch (...) {
    group_->begin_failed = std::current_exception();
  }
  seconds_ += watch.seconds();
}

void Ranks::end_sums() {
  if (alone()) return;
  const Stopwatch watch;
  const auto begun = std::exchange(group_->begun, {});
  for (const Group::Begun& sum : begun) {
    group_->make(place_, [&] { return sum.work; });
    if (!sum.wire[0].is_same(sum.tensor)) sum.tensor.copy_(sum.wire[0]);
  }
  if (group_->begin_failed)
    group_->make(place_, [&]() -> c10::intrusive_ptr<c10d::Work> {
      std::rethrow_exception(std::exchange(group_->begin_failed, {}));
    });
  seconds_ += watch.seconds();
}

std::vector<double> Ranks::sum(const std::vector<double>& values) {
  if (alone()) return values;
  std::vector<double> sums = values;
  sum(at::from_blob(sums.data(), {static_cast<int64_t>(sums.size())}, at::kDouble));
  return sums;
}

void Ranks::share(const at::Tensor& tensor, int64_t from) {
  if (alone() || tensor.numel() == 0) return;
  const Stopwatch watch;
  std::vector<at::Tensor> wire = {tensor.to(at::kCPU)};
  c10d::BroadcastOptions options;
  options.rootRank = from;
  group_->make(place_, [&] { return group_->gloo->broadcast(wire, options); });
  if (!wire[0].is_same(tensor)) tensor.copy_(wire[0]);
  seconds_ += watch.seconds();
}

void Ranks::gather(const at::Tensor& tensor) {
  if (alone()) return;
  if (const SharedSlots* slots = slots_of(tensor)) {
    const Stopwatch watch;
    gather_in_memory(*slots, tensor);
    seconds_ += watch.seconds();
    return;
  }
  for (int64_t from = 0; from < count(); ++from) {
    const Part part = part_of(tensor.numel(), from, count());
    share(tensor.narrow(0, part.first, part.count), from);
  }
}

const SharedSlots* Ranks::slots_of(const at::Tensor& tensor) const {
  if (alone()) return nullptr;
  for (const auto& slots : group_->slots)
    if (tensor.const_data_ptr() == slots->slot(rank())) return slots.get();
  return nullptr;
}

void Ranks::meet() {
  std::vector<at::Tensor> nothing = {at::zeros({1})};
  group_->make(place_, [&] { return group_->gloo->allreduce(nothing, {}); });
}

// Each adds its part of all slots.
void Ranks::sum_in_memory(const SharedSlots& slots, const at::Tensor& tensor) {
  const Part part = part_of(tensor.numel(), rank(), count());
  meet();
  if (tensor.scalar_type() == at::kFloat)
    slots.add_fp32(rank(), part);
  else
    slots.add_bf16(rank(), part);
  gather_in_memory(slots, tensor);
}

// Each takes the others' parts, and leaves its own until all have it.
void Ranks::gather_in_memory(const SharedSlots& slots, const at::Tensor& tensor) {
  meet();
  slots.collect(rank(), tensor.numel(), tensor.element_size());
  meet();
}

bool Ranks::keep_shared(const at::Tensor& tensor) {
  const bool fits = tensor.is_cpu() && tensor.numel() > 0 && tensor.storage_offset() == 0 &&
                    (tensor.scalar_type() == at::kFloat || tensor.scalar_type() == at::kBFloat16);
  if (alone() || !fits || named_interface() != nullptr) return false;
  const size_t bytes = tensor.nbytes();
  std::shared_ptr<SharedSlots> slots;
  const std::string key = fmt::format("slots/{}", group_->asked_for++);
  if (first()) {
    slots = SharedSlots::create(count(), bytes);
    const std::string name = slots ? slots->name() : std::string();
    group_->store->set(key, std::vector<uint8_t>(name.begin(), name.end()));
  } else {
    const std::string name = group_->store->get_to_str(key);
    if (!name.empty()) slots = SharedSlots::open(name, count(), bytes);
  }
  const bool all = sum({slots ? 1.0 : 0.0})[0] == static_cast<double>(count());
  if (first() && slots) slots->forget_name();
  if (!all) return false;
  // Every view of the tensor has the same storage, and so follows.
  void* mine = slots->slot(rank());
  std::memcpy(mine, tensor.const_data_ptr(), bytes);
  using Holder = std::shared_ptr<SharedSlots>;
  tensor.storage().set_data_ptr_noswap(at::DataPtr(
      mine, new Holder(slots), [](void* holder) { delete static_cast<Holder*>(holder); },
      tensor.device()));
  group_->slots.push_back(std::move(slots));
  return true;
}

void Ranks::wait_for_all() {
  if (alone()) return;
  c10d::AllreduceOptions options;
  if (!first()) options.timeout = kAloneHours;
  std::vector<at::Tensor> nothing = {at::zeros({1})};
  group_->make(place_, [&] { return group_->gloo->allreduce(nothing, options); });
}

}  // namespace repro::train
