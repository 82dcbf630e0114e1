#include "config/profile.hpp"

#include <memory>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "cli/printing.hpp"
#include "cli/profile_measure.hpp"
#include "cli/profile_view.hpp"
#include "cli/program.hpp"
#include "cli/verbs.hpp"
#include "config/library.hpp"

namespace repro::cli {
namespace {

Exit list_profiles(const Context& context) {
  const std::vector<config::Profile> profiles = load_profiles(context);
  if (context.json)
    print(profiles_json(profiles));
  else
    print(profiles_table(profiles));
  return Exit::ok;
}

Exit show_profile(const Context& context, const std::string& name) {
  const config::Profile profile = config::find_profile(context.root(), name);
  if (context.json) {
    print(profiles_json({profile}).at(0));
    return Exit::ok;
  }
  // The file itself: its comments say where the numbers come from.
  const fs::path file =
      config::find_file(context.root(), "hardware_profiles", name, "hardware profile").path;
  say_text(read_file(file));
  return Exit::ok;
}

void add_measure(Program& program, CLI::App& parent) {
  CLI::App& verb = program.add_verb(
      parent, "measure", "this machine's GEMM peak, memory bandwidth and step times as a profile",
      "  repro profile measure                      the paper's models, smaller where they do not "
      "fit\n"
      "  repro profile measure --scale mini --name desk\n"
      "  repro profile measure --uncertified && \\\n"
      "    repro price table3 --low rtx-4090 --high measured=0.10\n"
      "Each number has a 95 % interval, which other programs, a hypervisor and a wandering pace "
      "widen;\n"
      "where it is wide, it is timed up to 4 times as long. One that reaches more than 30 % from "
      "its\n"
      "number decides nothing (a saving of one half would be open by 15 points): such a profile "
      "is\n"
      "not certified, exit code 5, and every table made from it says so. --uncertified accepts "
      "that:\n"
      "exit code 0.");
  auto options = std::make_shared<MeasureOptions>();
  verb.add_option("--experiment", options->choice.name,
                  "whose models are timed; default: what experiments/defaults.toml names");
  verb.add_option("--scale", options->choice.scale, "at which size")->capture_default_str();
  verb.add_option("--name", options->name, "of the profile")->capture_default_str();
  verb.add_option("--device", options->device, "cpu or cuda")
      ->capture_default_str()
      ->check(CLI::IsMember({"cpu", "cuda"}));
  verb.add_option("--phase-seconds", options->entry_seconds, "time for each phase's steps")
      ->capture_default_str()
      ->check(CLI::Range(1, 3600));
  verb.add_option("--threads", options->threads, "of the processor; without it every core")
      ->check(CLI::Range(1, 1024));
  verb.add_flag("--uncertified", options->uncertified,
                "accept a measurement taken on a busy machine");
  verb.add_flag("--wait", options->wait, "wait for another repro that holds the folder");
  program.on(verb, [&program, options] { return measure_profile(program.context(), *options); });
}

}  // namespace

void add_profile(Program& program) {
  CLI::App& verb = program.add_verb(
      "profile", "hardware profiles: what devices can do and hold",
      "  repro profile list\n  repro profile show rtx-4090\n  repro profile measure");
  verb.require_subcommand(1);
  CLI::App& list = program.add_verb(verb, "list", "the profiles of hardware_profiles/",
                                    "  repro profile list --json");
  program.on(list, [&program] { return list_profiles(program.context()); });
  CLI::App& show = program.add_verb(verb, "show", "one profile, with its sources",
                                    "  repro profile show a100-80g");
  auto name = std::make_shared<std::string>();
  show.add_option("profile", *name, "its name, or a path ending in .toml")->required();
  program.on(show, [&program, name] { return show_profile(program.context(), *name); });
  add_measure(program, verb);
}

}  // namespace repro::cli
