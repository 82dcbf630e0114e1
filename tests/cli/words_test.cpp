// What the command line says of itself: suggestions, completion, man pages; and files to begin
// with.

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/command_tree.hpp"
#include "cli/program.hpp"
#include "cli/repro_process.hpp"

namespace repro::cli {
namespace {

using Catch::Contains;

Finished shell(const fs::path& folder, const std::string& script) {
  const std::string path = fs::path(built("repro")).parent_path().string();
  return Process({"/usr/bin/env", "-C", folder.string(), "PATH=" + path + ":/usr/bin:/bin",
                  "/bin/bash", "-c", script})
      .wait();
}

// The words that bash offers behind what is typed; the last word is what is begun.
std::vector<std::string> offered(const fs::path& folder, const std::vector<std::string>& typed) {
  std::string words;
  for (const std::string& word : typed) words += " " + shell_quoted(word);
  const Finished ended =
      shell(folder, "source <(repro completion bash); COMP_WORDS=(repro" + words +
                        "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _repro; "
                        "printf '%s\\n' \"${COMPREPLY[@]}\"");
  CHECK(ended.exit_code == 0);
  CHECK(ended.errors.empty());
  return split(std::string(trim(ended.output)), '\n');
}

bool holds(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

TEST_CASE("a verb or an option that is nearly one is answered with its name", "[cli]") {
  TemporaryDirectory folder;
  const auto error = [&](const std::vector<std::string>& args) {
    const Finished ended = run_in(folder.path(), args);
    CHECK(ended.exit_code == 64);
    CHECK(std::count(ended.errors.begin(), ended.errors.end(), '\n') == 1);
    return ended.errors;
  };
  CHECK_THAT(error({"reprot", "x"}), Contains("no verb 'reprot' (did you mean 'report'?)"));
  CHECK_THAT(error({"data", "gte"}), Contains("no verb 'gte' (did you mean 'get'?)"));
  CHECK_THAT(error({"data", "--runs", "gte", "lsit"}), Contains("'lsit' (did you mean 'list'?)"));
  CHECK_THAT(error({"run", "table3", "--job", "2"}),
             Contains("repro run: no option '--job' (did you mean '--jobs'?)"));
  CHECK_THAT(error({"run", "table3", "--scael=smoke"}),
             Contains("no option '--scael' (did you mean '--scale'?)"));
  CHECK_THAT(error({"list", "everything"}), Contains("'everything' is one word too many"));
  CHECK_THAT(error({"list", "\x1b[2J"}), !Contains("\x1b"));
}

TEST_CASE("bash completes verbs, options and the names that there are", "[cli]") {
  const fs::path root = kRoot;
  const auto verbs = offered(root, {""});
  for (const char* verb : {"run", "report", "audit", "completion", "new"})
    CHECK(holds(verbs, verb));
  CHECK(offered(root, {"rep"}) == std::vector<std::string>{"report"});
  CHECK(holds(offered(root, {"data", ""}), "import"));
  CHECK(holds(offered(root, {"run", "--jo"}), "--jobs"));
  CHECK(holds(offered(root, {"run", ""}), "table3"));
  CHECK(holds(offered(root, {"run", "table3", "--scale", ""}), "smoke"));
  CHECK(offered(root, {"report", "table3", "--prices", "pap"}) ==
        std::vector<std::string>{"paper"});
  CHECK(holds(offered(root, {"price", "table3", "--as", ""}), "projected"));
}

TEST_CASE("every script names every verb and every long option", "[cli]") {
  Program program;
  const VerbInfo root = describe_commands(program.app());
  const std::string bash = bash_completion(root), zsh = zsh_completion(root),
                    fish = fish_completion(root);
  size_t options = 0;
  for (const VerbInfo* verb : all_verbs(root)) {
    const std::string word = verb->name.substr(verb->name.rfind(' ') + 1);
    for (const std::string& script : {bash, zsh, fish}) CHECK_THAT(script, Contains(word));
    for (const OptionInfo& option : verb->options) {
      if (option.positional) continue;
      const std::string& name = option.names.back();
      ++options;
      CHECK_THAT(bash, Contains(name));
      CHECK_THAT(zsh, Contains(name));
      CHECK_THAT(fish, Contains("-l " + name.substr(2)));
      CHECK_THAT(man_page(root, *verb), Contains("\\-" + std::string("\\-") + name.substr(2, 1)));
    }
  }
  CHECK(options > 100);
}

TEST_CASE("a description with quotes is text in every shell", "[cli]") {
  VerbInfo root;
  root.verbs = {{.name = "say",
                 .summary = "it's `touch marker` $(touch marker) \\",
                 .footer = "",
                 .options = {{.names = {"--why"},
                              .description = "don't \"$(touch marker)\"; `touch marker`"}},
                 .verbs = {}}};
  TemporaryDirectory folder;
  for (const std::string& script : {bash_completion(root), zsh_completion(root)}) {
    std::ofstream(folder.path() / "script") << script;
    const Finished ended =
        shell(folder.path(), "bash -n script && compdef() { :; }; funcstack=(x); source ./script");
    CHECK(ended.errors.empty());
    CHECK_FALSE(fs::exists(folder.path() / "marker"));
  }
}

TEST_CASE("the man page of a verb has its options and examples, and of the program all verbs",
          "[cli]") {
  TemporaryDirectory folder;
  const Finished verb = run_in(folder.path(), {"man", "data", "get"});
  CHECK_THAT(verb.output, Contains(".SH NAME\nrepro\\-data\\-get \\- download") &&
                              Contains(".SH OPTIONS") && Contains("repro data get web"));
  const Finished pages = run_in(folder.path(), {"man", "--output", "man"});
  CHECK(pages.exit_code == 0);
  for (const char* name : {"repro.1", "repro-run.1", "repro-data-get.1"})
    CHECK(fs::exists(folder.path() / "man" / name));
  // No line of text is a command of roff that nobody meant.
  for (const auto& entry : fs::directory_iterator(folder.path() / "man"))
    for (const std::string& line : split(read_file(entry.path()), '\n'))
      if (line.starts_with(".") || line.starts_with("'"))
        CHECK_THAT(line, Catch::Matches(R"(\.(TH|SH|TP|B|BR|nf|fi)( .*)?)"));
  CHECK_THAT(run_in(folder.path(), {"man", "reprot"}).errors, Contains("did you mean 'report'"));
}

TEST_CASE("scaffolds of one name make an experiment that can be planned", "[cli]") {
  TemporaryDirectory folder;
  const fs::path root = folder.path() / "root";
  fs::create_directories(root);
  for (const char* part : {"experiments", "hardware_profiles", "eval"})
    fs::copy(fs::path(kRoot) / part, root / part, fs::copy_options::recursive);
  const auto ok = [&](std::vector<std::string> args) {
    args.insert(args.end(), {"--root", root.string()});
    const Finished ended = run_in(folder.path(), args);
    CAPTURE(args, ended.errors);
    CHECK(ended.exit_code == 0);
    return ended.output;
  };
  for (const char* kind : {"claim", "manifest", "profile", "corpus"}) {
    CHECK_THAT(ok({"new", kind, "mine"}), Contains("mine.toml: written"));
    const Finished again = run_in(folder.path(), {"new", kind, "mine", "--root", root.string()});
    CHECK(again.exit_code == 4);
    CHECK_THAT(again.errors, Contains("is there already"));
  }
  CHECK_THAT(ok({"audit", "mine"}), Contains("Table 1") || Contains("1 "));
  CHECK_THAT(ok({"plan", "mine", "--scale", "smoke"}),
             Contains("half the experts") || Contains("method"));
  ok({"profile", "show", "mine"});
  CHECK_THAT(ok({"data", "list"}), Contains("mine"));
  const Finished slip = run_in(folder.path(), {"new", "claim", "../mine", "--root", root.string()});
  CHECK(slip.exit_code == 4);
  CHECK_FALSE(fs::exists(root / "experiments/mine.toml"));
}

TEST_CASE("claims without checks are warned of when they are audited", "[cli]") {
  TemporaryDirectory folder;
  const Finished ended = run_in(folder.path(), {"audit", "comparisons", "--root", kRoot});
  CHECK_THAT(ended.errors, Contains("'comparisons' declare no [[check]]"));
}

}  // namespace
}  // namespace repro::cli
