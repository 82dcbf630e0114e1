#include "cli/target_options.hpp"

#include "cli/numbers_given.hpp"

namespace repro::cli {

void add_target_options(CLI::App& verb, TargetChoice& choice) {
  const CLI::Validator nats = number_within(-1e6, 1e6, "a loss in nats");
  verb.add_option("--target", choice.training, "training loss in nats: when is it reached?")
      ->check(nats);
  verb.add_option("--target-valid", choice.validation,
                  "likewise of the evaluations of the validation split")
      ->check(nats);
  verb.add_option("--tolerance", choice.tolerance, "nats above the target that still reach it")
      ->check(number_within(0, 1e6, "nats"));
}

}  // namespace repro::cli
