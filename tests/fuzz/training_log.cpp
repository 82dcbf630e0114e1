// Training logs of other programs.
#include "import/foreign_log.hpp"

#include <cmath>

#include "target.hpp"

namespace repro::fuzz {

void read(std::string_view bytes) {
  const std::vector<std::string> formats = imports::foreign_formats();
  imports::ForeignLog log;
  log.format = formats[choose(bytes, formats.size())];
  log.tokens_per_step = 1024;
  log.sequence = 64;
  const MemoryFile file(bytes);
  attempt([&] {
    const imports::ImportedLog imported = imports::import_foreign_log(file.path(), log);
    int64_t last = 0;
    for (const run::StepRecord& step : imported.records.steps) {
      require(std::isfinite(step.lm_loss), "an imported step has a loss");
      require(step.step > last || (last == 0 && step.step == 0), "steps increase");
      last = step.step;
      require(step.tokens >= 0 && step.clocks.train >= 0, "what is counted is not negative");
    }
  });
}

}  // namespace repro::fuzz
