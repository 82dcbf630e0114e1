#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/repro_process.hpp"

namespace repro::cli {
namespace {

using Catch::Contains;
using nlohmann::json;

// A worker that also answers: three of four items right, and a perplexity.
constexpr const char* kAnswering = R"sh(
finish
[ $kind = task ] && cat > "$dir/items.jsonl" <<'ITEMS'
{"id":0,"part":"","context":"Q","choices":["a","b"],"gold":1,"doc_hash":"d","prompt_hash":"p","target_hash":"t","row":{"q":1}}
ITEMS
case $name in answers-*)
  echo '{"id":0,"part":"","gold":1,"log_likelihoods":[-2,-1],"greedy":[false,true],"characters":[1,1],"bytes":[1,1]}' > "$dir/answers-piqa.jsonl"
  score='{"value": 0.75, "stderr": 0.25, "correct": 3, "predictions": [2, 2], "doubts": ["within noise of chance"]}'
  echo '{"measures": {"test": {"split": "test", "window": 64, "stride": 32, "loss": 2.0, "tokens": 100, "bits_per_byte": 0.5, "bytes": 400, "words": 50}}, "parameters": 7, "seconds": {"load": 0.1, "eval": 0.2}, "tasks": {"piqa": {"items": 4, "window": 2048, "truncated": 1, "beyond_training": 2, "constant": 0.5, "constant_index": 0, "chance": 0.5, "acc": '$score', "acc_norm": '$score', "acc_bytes": '$score'}}}' > "$dir/result.json"
esac)sh";

// A folder with finished trainings, and a worker that answers.
struct Trained {
  Trained() : worker(write_worker(folder, kAnswering)) {
    const Finished ended =
        in({"run", "table3", "--scale", "smoke", "--set", "models=[\"qwen_moe\"]", "--set",
            "corpora=[\"c4\"]", "--root", kRoot});
    REQUIRE(ended.exit_code == 0);
  }
  Finished in(const std::vector<std::string>& args) const {
    return run_in(folder.path(), args, worker);
  }
  Finished eval(std::vector<std::string> args) const {
    args.insert(args.begin(), "eval");
    args.insert(args.end(), {"--root", kRoot});
    return in(args);
  }
  std::string merged() const {
    for (const auto& entry : fs::directory_iterator(folder.path() / "runs"))
      if (entry.path().filename().string().starts_with("merge-")) return entry.path().filename();
    return "";
  }

  TemporaryDirectory folder;
  fs::path worker;
};

TEST_CASE("eval prints scores beside chance, and perplexity by token, word and byte", "[cli]") {
  const Trained trained;
  const Finished ended = trained.eval(
      {trained.merged(), "--tasks", "piqa", "--perplexity", "test", "--harness", "out"});
  CAPTURE(ended.errors);
  REQUIRE(ended.exit_code == 0);
  CHECK_THAT(ended.output, Contains("75.00 ± 25.00") && Contains("within noise of chance"));
  CHECK_THAT(ended.output, Contains("1 requests lost the beginning of their context"));
  // exp(2), exp(200 / 50), exp(200 / 400)
  CHECK_THAT(ended.output, Contains("7.39") && Contains("54.6") && Contains("1.649"));
  CHECK_THAT(ended.output, Contains("windows of 64 tokens, 32 apart"));
  CHECK_THAT(ended.errors, Contains("lm-evaluation-harness's files: out/"));
  size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(trained.folder.path() / "out"))
    files += entry.is_regular_file();
  CHECK(files == 2);
  // Asked again, it is answered by what is there.
  fs::remove(trained.worker);
  const Finished again =
      trained.eval({trained.merged(), "--tasks", "piqa", "--perplexity", "test", "--json"});
  REQUIRE(again.exit_code == 0);
  CHECK(json::parse(again.output).at("perplexity").at("test").at("words") == 50);
}

TEST_CASE("eval says what it cannot ask, and of whom", "[cli]") {
  const Trained trained;
  const Finished nothing = trained.eval({trained.merged()});
  CHECK(nothing.exit_code == 64);
  CHECK_THAT(nothing.errors, Contains("asks nothing; give --tasks or --perplexity"));
  const Finished unknown = trained.eval({trained.merged(), "--tasks", "piqua"});
  CHECK(unknown.exit_code == 4);
  CHECK_THAT(unknown.errors, Contains("did you mean 'piqa'"));
  const Finished prepared = trained.eval({"prepare", "--tasks", "piqa"});
  CHECK(prepared.exit_code == 64);
  CHECK_THAT(prepared.errors, Contains("leaves no model"));
}

}  // namespace
}  // namespace repro::cli
