#include "cli/program.hpp"
#include "cli/verbs.hpp"

namespace repro::cli {

void add_import(Program& program) {
  CLI::App& verb =
      program.add_verb("import", "training logs and checkpoints of other programs",
                       "  repro import log train.log --format megatron --sequence 4096\n"
                       "  repro import hf my-checkpoint");
  verb.require_subcommand(1);
  add_import_log(program, verb);
  add_import_checkpoint(program, verb);
}

}  // namespace repro::cli
