#pragma once
// What one line of the Hugging Face trainer's output says: a Python dictionary, behind whatever a
// progress bar or a launcher left on the line.

#include <optional>
#include <string>
#include <string_view>

#include "import/log_builder.hpp"

namespace repro::imports {

struct TrainLine {
  LoggedStep logged;
  std::optional<double> epoch;
  std::optional<double> step;  // where a callback prints it
  size_t number = 0;
  size_t process = 0;  // counted by the ends of processes
};
// "loss" of 'eval_loss', 'eval_NAME_loss' (several evaluation sets) and 'test_loss', with its
// split.
struct SplitLoss {
  std::string split;
  double loss = 0;
};
struct EvalLine {
  SplitLoss loss;
  std::optional<double> epoch;
  size_t after = 0;  // training lines before it
};
struct ProcessEnd {
  double runtime = 0;                 // seconds
  std::optional<double> total_steps;  // of the whole training, as planned
  std::optional<double> epoch;
};

// The text behind a key, without the quotes that newer versions print; empty = the key is not
// there.
std::string_view hf_value(std::string_view line, std::string_view key);

// Each empty when the line is none of the kind.
std::optional<TrainLine> train_line(std::string_view line, const Place& place);
std::optional<SplitLoss> split_loss(std::string_view line);
std::optional<ProcessEnd> process_end(std::string_view line);

std::optional<double> hf_epoch(std::string_view line);

// How exactly epochs were printed: two decimals by older versions, four digits by newer ones, all
// of them in between. Learnt from the lines, of which few show every digit.
class EpochPrecision {
 public:
  void learn(std::string_view line);
  double resolution() const;  // epochs that differ by less may be printed alike

 private:
  int decimals_ = 0, significant_ = 0;  // the most seen
  double largest_ = 0;
};

}  // namespace repro::imports
