#pragma once
// The processes that train one model together: its ranks, each with rows of its own of every batch.
// What they exchange goes through c10d, which this file alone knows. They meet in a file,
// so on one machine nothing listens beyond it, and on several whatever they share is enough.
//
// An operation is made by all ranks alike, leaves the same bits with each, and the same in every
// run. A sum over two ranks is one addition, so it is exactly that of one process that adds the
// same two numbers.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace repro::train {

// Another rank has ended, or was silent for too long: the group is of no use any more. A new one
// may go on from the checkpoint.
class RankLost : public Error {
 public:
  using Error::Error;
};

class SharedSlots;

// The exit code of a process that ends for that alone.
constexpr int kRankLostExit = 75;

// What stands before the command of a rank that rank 0 starts: the words of $REPRO_RANK_PREFIX, in
// which "{rank}" is the rank ("srun --overlap --relative={rank} -N1 -n1").
std::vector<std::string> rank_prefix(int64_t rank);

struct RankPlace {
  int64_t rank = 0;  // 0 writes
  int64_t ranks = 1;
  // A file that all of them see, of this group alone.
  std::filesystem::path meeting = {};
  double timeout_seconds = 600;  // how long one may be waited for
  // Called a few times a second until all have come; what it throws ends the wait.
  std::function<void()> while_waiting = {};
};

class Ranks {
 public:
  Ranks();  // one process alone: everything is as it was
  // Returns when all have come. RankLost when they did not in time; Error when this machine has no
  // address for them: of loopback, or of the interface that GLOO_SOCKET_IFNAME names.
  explicit Ranks(const RankPlace& place);
  ~Ranks();
  Ranks(Ranks&&) noexcept;
  Ranks& operator=(Ranks&&) noexcept;

  int64_t rank() const { return place_.rank; }
  int64_t count() const { return place_.ranks; }
  bool alone() const { return place_.ranks == 1; }
  bool first() const { return place_.rank == 0; }

  // Each throws RankLost. In place, contiguous; bf16 is added in fp32 and rounded once, and what is
  // not on the processor travels through its memory.
  void sum(const at::Tensor& tensor);
  std::vector<double> sum(const std::vector<double>& values);
  // Begins a sum that goes on beside whatever is computed meanwhile; end_sums() waits for all that
  // were begun, and until then nobody reads or writes what they are of. Not of a tensor that is
  // kept shared. What fails is thrown at the end.
  void begin_sum(const at::Tensor& tensor);
  void end_sums();
  // What rank `from` has.
  void share(const at::Tensor& tensor, int64_t from = 0);
  // Of a flat tensor, what each rank has of its own part (part_of), on all.
  void gather(const at::Tensor& tensor);
  // Before the first sum or gather of a flat tensor that is exchanged often: where the ranks talk
  // over loopback, and so share a machine, its bytes move to memory that all of them see. Its sums
  // are then those of the ranks in their order, whatever their number, and need no socket but to
  // wait. Whether they moved.
  bool keep_shared(const at::Tensor& tensor);
  bool keeps_shared(const at::Tensor& tensor) const { return slots_of(tensor) != nullptr; }
  // Until all are here, however long the first works alone before it comes.
  void wait_for_all();

  // Spent in sums and shares, with the wait for the slowest.
  double seconds() const { return seconds_; }

 private:
  struct Group;
  void meet();                                                  // a sum of nothing
  const SharedSlots* slots_of(const at::Tensor& tensor) const;  // null: not kept shared
  void sum_in_memory(const SharedSlots& slots, const at::Tensor& tensor);
  void gather_in_memory(const SharedSlots& slots, const at::Tensor& tensor);

  RankPlace place_;
  std::unique_ptr<Group> group_;
  double seconds_ = 0;
};

}  // namespace repro::train
