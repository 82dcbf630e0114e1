#include "config/profile.hpp"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "cli/profile_view.hpp"
#include "cli/program.hpp"
#include "cli/verbs.hpp"

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
  const fs::path file = name.ends_with(".toml")
                            ? fs::path(name)
                            : context.root() / "hardware_profiles" / (name + ".toml");
  fmt::print("{}", read_file(file));
  return Exit::ok;
}

}  // namespace

void add_profile(Program& program) {
  CLI::App& verb = program.add_verb("profile", "hardware profiles: what devices can do and hold",
                                    "  repro profile list\n  repro profile show rtx-4090");
  verb.require_subcommand(1);
  CLI::App& list = program.add_verb(verb, "list", "the profiles of hardware_profiles/",
                                    "  repro profile list --json");
  program.on(list, [&program] { return list_profiles(program.context()); });
  CLI::App& show = program.add_verb(verb, "show", "one profile, with its sources",
                                    "  repro profile show a100-80g");
  auto name = std::make_shared<std::string>();
  show.add_option("profile", *name, "its name, or a path ending in .toml")->required();
  program.on(show, [&program, name] { return show_profile(program.context(), *name); });
}

}  // namespace repro::cli
