#include <catch2/catch.hpp>
#include <fstream>

#include "base/error.hpp"
#include "config/task.hpp"
#include "data/prepare.hpp"
#include "data/tokens/token_shards_writer.hpp"
#include "data/tokens/tokenizer.hpp"
#include "eval/by_logits.hpp"
#include "eval/choices.hpp"
#include "model/transformer.hpp"
#include "model/weights.hpp"
#include "worker/jobs_fixture.hpp"

using namespace repro;
using namespace repro::worker;
using nlohmann::json;
using train::Runs;

namespace {

config::ModelConfig small_model(int64_t vocabulary = 300) {
  config::ModelConfig model = train::tiny_model();
  model.vocabulary = vocabulary;
  return model;
}

// A tokenizer, a model of random weights, and a task of six questions on two subjects.
struct Answering {
  Answering() : model(small_model(), {}) {
    data::WordCounts words;
    for (int i = 0; i < 200; ++i)
      words.add("the sky is blue and snow is white but grass is green thing" + std::to_string(i));
    const auto corpus = runs.make("prepare", "words", json::object(), {}, {});
    write_file_atomically(corpus.path() / "tokenizer.model", data::train_tokenizer(words, 300));
    Runs::finish(corpus, {{"fingerprint", "f00d"}});
    model.initialise(5);
    model.values_changed();
    leave_weights("weights", model);
    write_file_atomically(runs.path() / "colours.csv",
                          "about,thing,right,wrong\nup,The sky,blue,green\nup,The sun,yellow,dark\n"
                          "up,Clouds,white,pink\ndown,Snow that fell last night on the hill,white,"
                          "blue\ndown,Grass,green,red\ndown,Earth,brown,loud\n");
    config::Task task;
    task.name = "colours";
    task.source.kind = "file";
    task.source.name = (runs.path() / "colours.csv").string();
    task.context = "{thing} is";
    task.part = "{about}";
    task.choices = {"{right}", "{wrong}"};
    task.gold = "0";
    do_here(runs, "task", "task-colours", config::to_json(task), {});
  }

  void leave_weights(const std::string& name, model::Transformer& of) const {
    const auto directory = runs.make("train", name, json::object(), {}, {});
    model::save_weights(directory.weights_file(), of.parameters());
    Runs::finish(directory, json::object());
  }

  static config::EvalSpec spec() {
    config::EvalSpec spec;
    spec.model = small_model();
    spec.sequence = 64;
    spec.precision = "fp32";
    spec.tasks = {"colours"};
    return spec;
  }

  json answer(const std::string& name, const config::EvalSpec& asked,
              int64_t batch_tokens = 8192) const {
    const run::RunDirectory directory =
        runs.make("eval", name, config::to_json(asked),
                  {{"weights", "weights"}, {"corpus", "words"}, {"task-colours", "task-colours"}},
                  {{"batch_tokens", batch_tokens}});
    const std::atomic<bool> never = false;
    const json result = run_job(run::open_job(directory), directory, never);
    Runs::finish(directory, result);
    return result.at("tasks").at("colours");
  }

  std::string lines(const std::string& name) const {
    return read_file(runs.path() / name / "answers-colours.jsonl");
  }

  Runs runs;
  model::Transformer model;
};

}  // namespace

TEST_CASE("a choice's log-likelihood is that of its tokens after the context", "[worker]") {
  Answering a;
  const json result = a.answer("answers", Answering::spec());
  CHECK(result.at("items") == 6);
  data::Tokenizer tokenizer(a.runs.path() / "words" / "tokenizer.model");
  const auto request = eval::make_request(tokenizer, "The sky is", " green");
  CHECK(request.continuation.size() >= 1);
  const json first = json::parse(a.lines("answers").substr(0, a.lines("answers").find('\n')));
  CHECK(first.at("log_likelihoods").at(1).get<double>() ==
        Approx(by_logits(a.model, request)).epsilon(1e-5));
  CHECK(first.at("tokens").at(1) == request.continuation.size());
  CHECK(first.at("characters") == json({4, 5}));
  CHECK(result.at("acc").at("correct").get<int64_t>() ==
        result.at("parts").at("up").at("acc").get<int64_t>() +
            result.at("parts").at("down").at("acc").get<int64_t>());
  CHECK(result.at("chance") == 0.5);
}

TEST_CASE("answers are the same to the last digit for any batch", "[worker]") {
  const Answering a;
  for (const int64_t batch : {1, 40, 8192})
    a.answer("b" + std::to_string(batch), Answering::spec(), batch);
#ifdef __SANITIZE_ADDRESS__
  // Without optimisation a last digit differs here: what was asked and read is compared alone.
  const auto asked = [&](const std::string& name) {
    const json first = json::parse(a.lines(name).substr(0, a.lines(name).find('\n')));
    return std::pair(first.at("read"), first.at("tokens"));
  };
  CHECK(asked("b1") == asked("b8192"));
#else
  CHECK(a.lines("b1") == a.lines("b8192"));
  CHECK(a.lines("b40") == a.lines("b8192"));
#endif
}

TEST_CASE("an interrupted evaluation goes on behind its last whole line", "[worker]") {
  const Answering a;
  a.answer("answers", Answering::spec());
  const std::string whole = a.lines("answers");
  const fs::path file = a.runs.path() / "answers" / "answers-colours.jsonl";
  // Two lines and a half; the first line is kept as it stands, whatever it says.
  const size_t two = whole.find('\n', whole.find('\n') + 1) + 1;
  std::string torn = whole.substr(0, two + 20);
  torn.replace(torn.find("\"gold\":0"), 8, "\"gold\":1");
  write_file_atomically(file, torn);
  fs::remove(a.runs.path() / "answers" / "DONE");
  a.answer("answers", Answering::spec());
  CHECK(a.lines("answers").substr(two) == whole.substr(two));
  CHECK(a.lines("answers").substr(0, two) == torn.substr(0, two));
}

TEST_CASE("of a context longer than the window the beginning is left out and counted", "[worker]") {
  Answering a;
  config::EvalSpec spec = Answering::spec();
  spec.window = 12;
  const json result = a.answer("short", spec);
  CHECK(result.at("truncated").get<int64_t>() > 0);
  CHECK(result.at("window") == 12);
  data::Tokenizer tokenizer(a.runs.path() / "words" / "tokenizer.model");
  auto request =
      eval::make_request(tokenizer, "Snow that fell last night on the hill is", " white");
  const size_t kept = 13 - request.continuation.size();
  REQUIRE(request.context.size() > kept);
  request.context.erase(request.context.begin(),
                        request.context.end() - static_cast<std::ptrdiff_t>(kept));
  std::ifstream lines(a.runs.path() / "short" / "answers-colours.jsonl");
  std::string line;
  for (int i = 0; i < 4; ++i) std::getline(lines, line);
  CHECK(json::parse(line).at("log_likelihoods").at(0).get<double>() ==
        Approx(by_logits(a.model, request)).epsilon(1e-5));
}

TEST_CASE("a limit is of each part, and a tokenizer that is not the model's is refused",
          "[worker]") {
  Answering a;
  config::EvalSpec spec = Answering::spec();
  spec.limit = 2;
  CHECK(a.answer("two", spec).at("parts").at("down").at("items") == 2);
  spec.model = small_model(64);
  model::Transformer small(spec.model, {});
  small.initialise(1);
  a.leave_weights("weights", small);
  CHECK_THROWS_WITH(a.answer("wrong", spec),
                    Catch::Contains("the weights are not this tokenizer's"));
}

TEST_CASE("a task made of the corpus is answered like any other, from its test split", "[worker]") {
  const Answering a;
  const fs::path corpus = a.runs.path() / "words";
  data::Tokenizer tokenizer(data::tokenizer_path(corpus));
  data::TokenShardsWriter writer(data::shard_path(corpus, "test"), tokenizer.piece_bytes(),
                                 tokenizer.sha256());
  for (int document = 0; document < 8; ++document) {
    std::string text;
    for (int sentence = 0; sentence < 9; ++sentence)
      text += fmt::format("{}Snow {} is white and grass thing{} is green.", text.empty() ? "" : " ",
                          document, sentence);
    std::vector<int32_t> tokens;
    tokenizer.encode(text, tokens);
    tokens.push_back(tokenizer.end_of_text());
    writer.add_document(tokens, static_cast<int64_t>(text.size()));
  }
  writer.finish();
  Runs::finish(run::RunDirectory(corpus), {{"fingerprint", "f00d"}});
  config::Task task = config::find_task(REPRO_SOURCE_ROOT, "next_passage").content();
  task.made.choice_words = 9;
  const json made =
      do_here(a.runs, "task", "task-next", config::to_json(task), {{"corpus", "words"}});
  CHECK(made.at("items").get<int64_t>() > 20);
  CHECK(made.at("bytes").at("choices").get<int64_t>() > 4 * 30 * made.at("items").get<int64_t>());
  config::EvalSpec spec = Answering::spec();
  spec.tasks = {"next_passage"};
  const json result =
      do_here(a.runs, "eval", "answers-next", config::to_json(spec),
              {{"weights", "weights"}, {"corpus", "words"}, {"task-next_passage", "task-next"}});
  CHECK(result.at("tasks").at("next_passage").at("items") == made.at("items"));
  CHECK(result.at("tasks").at("next_passage").at("chance") == 0.25);
}

TEST_CASE("weights of a training are asked with the tokenizer of its corpus alone", "[worker]") {
  Answering a;
  // Another training's corpus, of as many pieces.
  data::WordCounts words;
  for (int i = 0; i < 200; ++i)
    words.add("other words make other pieces number" + std::to_string(i));
  const auto other = a.runs.make("prepare", "other", json::object(), {}, {});
  write_file_atomically(other.path() / "tokenizer.model", data::train_tokenizer(words, 300));
  Runs::finish(other, {{"fingerprint", "f00d"}});
  for (const std::string corpus : {"words", "other"}) {
    a.runs.make("train", "part", json::object(), {{"corpus", corpus}}, {});
    const auto directory = a.runs.make("merge", "weights", json::object(), {{"part0", "part"}}, {});
    model::save_weights(directory.weights_file(), a.model.parameters());
    Runs::finish(directory, json::object());
    if (corpus == "words")
      CHECK(a.answer("right", Answering::spec()).at("items") == 6);
    else
      CHECK_THROWS_WITH(a.answer("wrong", Answering::spec()),
                        Catch::Contains("words: its tokenizer has the SHA-256") &&
                            Catch::Contains("the weights are not this tokenizer's"));
  }
}
