#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/unicode.hpp"
#include "cli/printing.hpp"
#include "cli/program.hpp"
#include "cli/scaffolds.hpp"
#include "cli/verbs.hpp"

namespace repro::cli {
namespace {

struct Scaffold {
  const char* kind;
  const char* summary;
  const char* folder;  // below the library
  std::string_view (*text)();
  const char* next;  // the command that tries it, before its name
};

constexpr Scaffold kScaffolds[] = {
    {"claim", "what a paper claims: tables, checks, what runs are compared by",
     "experiments/claims", claim_scaffold, "repro audit"},
    {"manifest", "an experiment with two arms", "experiments", manifest_scaffold,
     "repro plan --explain"},
    {"profile", "a device", "hardware_profiles", profile_scaffold, "repro profile show"},
    {"corpus", "where a corpus comes from", "experiments/corpora", corpus_scaffold,
     "repro data get"}};

// Manifests stand in a folder of their paper's below a root; all else is the user's own.
fs::path place_of(const Context& context, const Scaffold& scaffold, const std::string& name) {
  const bool manifest = scaffold.text == manifest_scaffold;
  const fs::path library = manifest ? context.root() : context.own_library();
  const fs::path folder = library / scaffold.folder;
  return (manifest ? folder / name : folder) / (name + ".toml");
}

std::string filled(std::string_view text, const std::string& name) {
  constexpr std::string_view kPlace = "@NAME@";
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t next = std::min(text.find(kPlace, at), text.size());
    out += text.substr(at, next - at);
    at = next;
    if (at == text.size()) break;
    out += name;
    at += kPlace.size();
  }
  return out;
}

Exit write_scaffold(const Context& context, const Scaffold& scaffold, const std::string& name) {
  if (!is_plain_name(name))
    throw Error(
        "new {}: '{}': a name is of letters, digits and - _ . +, and begins with a letter or digit",
        scaffold.kind, printable_line(name));
  const fs::path path = place_of(context, scaffold, name);
  if (fs::exists(path))
    throw Error("{}: is there already; choose another name, or remove it first", path.string());
  make_directories(path.parent_path());
  write_file_atomically(path, filled(scaffold.text(), name));
  if (context.json)
    print({{"wrote", path.string()}});
  else
    say("{}: written, with comments; then: {} {}\n", path.string(), scaffold.next, name);
  return Exit::ok;
}

}  // namespace

void add_new(Program& program) {
  CLI::App& verb = program.add_verb("new", "a commented file to begin with",
                                    "  repro new claim mine\n  repro new corpus web-2026\n"
                                    "A file that is there is never written over. Claims, profiles "
                                    "and corpora go into your own\nlibrary, or with --root below "
                                    "that; manifests below the root.");
  verb.require_subcommand(1);
  for (const Scaffold& scaffold : kScaffolds) {
    CLI::App& one = program.add_verb(verb, scaffold.kind, scaffold.summary,
                                     fmt::format("  repro new {} mine", scaffold.kind));
    auto name = std::make_shared<std::string>();
    one.add_option("name", *name, "of what is new")->required();
    program.on(one, [&program, &scaffold, name] {
      return write_scaffold(program.context(), scaffold, *name);
    });
  }
}

}  // namespace repro::cli
