// Goldens, gate and self-test with real trainings, on text that is made here.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/random.hpp"
#include "process.hpp"
#include "temporary_directory.hpp"

namespace repro {
namespace {

using Catch::Contains;
using nlohmann::json;

// The example paper, with a corpus of made-up sentences in place of the one that is fetched.
class Paper {
 public:
  Paper() {
    fs::copy(fs::path(REPRO_SOURCE_ROOT) / "docs/example", root(), fs::copy_options::recursive);
    write_text();
    write_file_atomically(root() / "experiments/corpora/speeches.toml",
                          "name = \"speeches\"\ntitle = \"made\"\nstands_for = \"speeches\"\n"
                          "licence = \"none\"\nfilter = false\n[[sources]]\nkind = \"file\"\n"
                          "name = \"" +
                              text().string() + "\"\nreader = \"jsonl\"\n");
  }
  fs::path root() const { return folder_.path() / "root"; }
  fs::path text() const { return folder_.path() / "text.jsonl"; }

  Finished run(std::vector<std::string> words, const std::string& variable = "A=b") const {
    std::vector<std::string> command = {"/usr/bin/env",
                                        "-C",
                                        folder_.path().string(),
                                        variable,
                                        "XDG_CACHE_HOME=" + (folder_.path() / "cache").string(),
                                        built("repro")};
    command.insert(command.end(), words.begin(), words.end());
    command.insert(command.end(), {"--root", root().string()});
    return Process(command).wait();
  }

 private:
  // Two thousand words of two to four syllables, the first of them oftener than the last.
  static std::string made_word(uint64_t word) {
    constexpr const char* kBegin = "bdfghklmnprstvz";
    constexpr const char* kVowels = "aeiou";
    std::string text;
    for (uint64_t i = 0; i < 2 + random_bits(word, 1, 9) % 3; ++i) {
      text += kBegin[random_bits(word, 1, i) % 15];
      text += kVowels[random_bits(word, 2, i) % 5];
    }
    return text;
  }

  void write_text() const {
    std::string lines;
    for (uint64_t document = 0; document < 900; ++document) {
      std::string sentence = "It is said that " + std::to_string(document);
      for (uint64_t i = 0; i < 60; ++i) {
        const double u = random_uniform(document, 0, i);
        sentence += ' ' + made_word(static_cast<uint64_t>(2000 * u * u));
      }
      lines += json({{"text", sentence + " of the house."}}).dump() + "\n";
    }
    write_file_atomically(text(), lines);
  }

  TemporaryDirectory folder_;
};

const json* row_of(const json& answer, const std::string& quantity) {
  for (const json& row : answer.at("rows"))
    if (row.at("quantity") == quantity) return &row;
  return nullptr;
}

}  // namespace

TEST_CASE("real trainings are green again, their faults are caught, other kernels pass",
          "[worker]") {
  const Paper paper;
  const Finished recorded = paper.run({"golden", "record", "table1", "--scale", "tiny", "--seeds",
                                       "6", "--name", "tiny", "--why", "a test"});
  INFO(recorded.output << recorded.errors);
  REQUIRE(recorded.exit_code == 0);
  const Finished checked = paper.run({"check", "tiny", "--json"});
  INFO(checked.output << checked.errors);
  CHECK(checked.exit_code == 0);
  const json answer = json::parse(checked.output);
  for (const json& row : answer.at("rows")) CHECK(row.at("verdict") == "ok");

  // In twenty steps on words at random experts do too little for more than other bits.
  const Finished tried = paper.run({"check", "tiny", "--self-test", "--json"});
  INFO(tried.output << tried.errors);
  const json faults = json::parse(tried.output);
  CHECK(faults.at("rows").size() == 11);
  for (const json& row : faults.at("rows")) {
    const auto fault = row.at("fault").at("text").get<std::string>();
    const auto caught_by = row.at("is_caught_by").at("text").get<std::string>();
    INFO(fault);
    if (fault.find("expert") != std::string::npos)
      CHECK_THAT(caught_by, Contains("exact"));
    else
      CHECK(row.at("passes").at("text") == "ok");
  }

  const Finished other = paper.run({"check", "tiny", "--json"}, "REPRO_KERNELS=generic");
  INFO(other.output << other.errors);
  CHECK(other.exit_code == 0);
  const json elsewhere = json::parse(other.output);
  const json* bits = row_of(elsewhere, "every record");
  REQUIRE(bits != nullptr);
  CHECK(bits->at("verdict") == "not comparable");
  CHECK_THAT(bits->at("reason").get<std::string>(),
             Contains("kernels: ") && Contains("generic now"));
  CHECK(row_of(elsewhere, "loss by step")->at("verdict") == "ok");
  CHECK(row_of(elsewhere, "final loss")->at("verdict") == "ok");
}

}  // namespace repro
