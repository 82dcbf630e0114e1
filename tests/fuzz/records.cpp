// records.jsonl: each step that is read writes the line from which it is read again.
#include "run/records.hpp"

#include <cmath>

#include "target.hpp"

namespace repro::fuzz {

void read(std::string_view bytes) {
  const MemoryFile file(bytes);
  attempt([&] {
    const run::Records records = run::read_records(file.path());
    std::string lines;
    for (const run::StepRecord& step : records.steps) {
      require(std::isfinite(step.loss) && std::isfinite(step.lm_loss), "a loss is a number");
      lines += run::to_line(step) + "\n";
    }
    const MemoryFile written(lines);
    const auto again = run::read_records(written.path()).steps;
    require(again.size() == records.steps.size(), "every step is written");
    for (size_t i = 0; i < again.size(); ++i)
      require(run::to_line(again[i]) == run::to_line(records.steps[i]), "a step stays as it is");
  });
  attempt([&] { run::read_progress(file.path()); });
}

}  // namespace repro::fuzz
