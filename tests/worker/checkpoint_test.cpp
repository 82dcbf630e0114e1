// Published checkpoints as the model reads them: against stored logits of transformers, and by the
// names and shapes of the model's own tensors.
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/tensor.h>

#include <catch2/catch.hpp>
#include <map>

#include "base/error.hpp"
#include "config/task.hpp"
#include "data/tokens/encoder.hpp"
#include "eval/choices.hpp"
#include "exchange/export.hpp"
#include "exchange/import.hpp"
#include "exchange/published_fixture.hpp"
#include "model/layout.hpp"
#include "model/transformer.hpp"
#include "model/weights.hpp"
#include "published_models.hpp"
#include "worker/jobs_fixture.hpp"

using namespace repro;
using namespace repro::worker;
using exchange::PublishedFixture;
using nlohmann::json;
using train::Runs;

namespace {

using Shapes = std::map<std::string, std::vector<int64_t>>;

Shapes shapes_of_tables(const config::ModelConfig& model) {
  Shapes shapes;
  exchange::for_each_placement(exchange::architecture_of(model, "model"), model,
                               [&](const exchange::Placement& place) {
                                 if (!place.ours.empty()) shapes[place.ours] = place.shape;
                               });
  return shapes;
}

Shapes shapes_of_model(const config::ModelConfig& model) {
  Shapes shapes;
  for (const model::TensorSpec& tensor : model::layout_of(model).tensors)
    shapes[tensor.name] = tensor.shape;
  return shapes;
}

// One tensor an expert, as published files have them.
void unstack(PublishedFixture& fixture) {
  std::map<std::string, exchange::PublishedTensor> apart;
  for (const auto& [name, tensor] : fixture.tensors) {
    const size_t at = name.find("gate_up_proj");
    if (at == name.npos && !name.ends_with("experts.down_proj")) {
      apart[name] = tensor;
      continue;
    }
    const std::string before = name.substr(0, name.rfind('.') + 1);
    const std::vector<std::string> parts =
        at == name.npos ? std::vector<std::string>{"down"} : std::vector<std::string>{"gate", "up"};
    const auto count = static_cast<int64_t>(parts.size());
    const std::vector<int64_t> shape = {tensor.shape[1] / count, tensor.shape[2]};
    const size_t bytes = static_cast<size_t>(shape[0] * shape[1]) * sizeof(float);
    size_t from = 0;
    for (int64_t expert = 0; expert < tensor.shape[0]; ++expert)
      for (const std::string& part : parts) {
        apart[fmt::format("{}{}.{}_proj.weight", before, expert, part)] = {
            "F32", shape, tensor.bytes.substr(from, bytes)};
        from += bytes;
      }
  }
  fixture.tensors = apart;
}

// The tiny Qwen2MoE of tests/model/fixtures, whose tensors are stored as they are in memory, as a
// published folder.
PublishedFixture stored_qwen(const SafetensorsView& stored, int64_t top_k) {
  PublishedFixture fixture = PublishedFixture::qwen();
  fixture.config.update({{"vocab_size", 60},
                         {"hidden_size", 16},
                         {"num_attention_heads", 4},
                         {"num_key_value_heads", 2},
                         {"num_experts", 4},
                         {"num_experts_per_tok", top_k},
                         {"moe_intermediate_size", 12},
                         {"shared_expert_intermediate_size", 24},
                         {"rope_theta", 1e4},
                         {"rms_norm_eps", 1e-6}});
  fixture.tensors.clear();
  for (const auto& [name, tensor] : stored.tensors())
    if (name.starts_with("initial/"))
      fixture.tensors[name.substr(8)] = {
          tensor.dtype, tensor.shape,
          std::string(reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size())};
  return fixture;
}

// What a published folder's weights are as a run's, in a model.
model::Transformer model_of(const PublishedFixture& fixture) {
  const auto config = exchange::read_config(fixture.path() / "config.json");
  const exchange::Checkpoint checkpoint(fixture.path());
  const fs::path weights = fixture.beside("weights.safetensors");
  write_safetensors(weights, exchange::arrange(checkpoint, config));
  model::Transformer model(config.model, {});
  model::load_weights(weights, model.parameters());
  model.values_changed();
  return model;
}

}  // namespace

TEST_CASE("the tables hold every tensor of a model, by its name and shape", "[worker]") {
  config::ModelConfig qwen;
  qwen.kv_heads = 1;
  config::ModelConfig plain = qwen;
  plain.qkv_bias = false;
  const config::ModelConfig llama = config::as_llama_moe(qwen);
  config::ModelConfig quiet = llama;
  quiet.router.noise = false;
  config::ModelConfig linear = quiet;
  linear.router.network = config::RouterNetwork::linear;
  for (const config::ModelConfig& model :
       {qwen, plain, config::one_expert(qwen), llama, quiet, linear, config::dense(llama)})
    CHECK(shapes_of_tables(model) == shapes_of_model(model));
}

TEST_CASE("a checkpoint's logits are those of transformers, in both layouts of experts",
          "[worker]") {
  for (const int64_t top_k : {4, 2}) {
    const fs::path path = fs::path(REPRO_TESTS) / "model" / "fixtures" /
                          fmt::format("qwen2_moe_k{}.safetensors", top_k);
    const SafetensorsView stored(path);
    const at::Tensor tokens = model::tensor_of(stored, path, "tokens", stored["tokens"].shape);
    const at::Tensor logits = model::tensor_of(stored, path, "logits", stored["logits"].shape);
    PublishedFixture fixture = stored_qwen(stored, top_k);
    for (const bool stacked : {true, false}) {
      INFO("top_k " << top_k << (stacked ? ", stacked" : ", one by one"));
      if (!stacked) unstack(fixture);
      fixture.write();
      model::Transformer model = model_of(fixture);
      const at::Tensor found = model.logits(tokens[0].narrow(1, 0, tokens.size(2) - 1));
      CHECK(at::allclose(found, logits, 0, 1e-4));
    }
  }
}

TEST_CASE("a folder as it is published has the logits of the programs that made it", "[worker]") {
  for (const char* name : {"qwen2_moe", "llama_moe"}) {
    INFO(name);
    const fs::path folder = fs::path(REPRO_TESTS) / "exchange" / "fixtures" / name;
    const exchange::PublishedFolder published(folder);
    const TemporaryDirectory run;
    published.write(run.path());
    model::Transformer model(published.config().model, {});
    model::load_weights(run.path() / "model.safetensors", model.parameters());
    model.values_changed();
    const fs::path path = folder / "expected.safetensors";
    const SafetensorsView stored(path);
    const at::Tensor tokens = model::tensor_of(stored, path, "tokens", stored["tokens"].shape);
    const at::Tensor logits = model::tensor_of(stored, path, "logits", stored["logits"].shape);
    CHECK(at::allclose(model.logits(tokens), logits, 0, 1e-4));
  }
}

TEST_CASE("what is exported and imported again gives the same logits, router or none", "[worker]") {
  for (const PublishedFixture& fixture : {PublishedFixture::qwen(), PublishedFixture::llama()}) {
    model::Transformer first = model_of(fixture);
    const fs::path run = fixture.beside("run");
    fs::create_directories(run);
    exchange::PublishedFolder(fixture.path()).write(run);
    exchange::ExportRequest request;
    request.weights = run / "model.safetensors";
    request.tokenizer = run;
    request.model = first.config();
    request.positions = 64;
    fs::remove_all(fixture.path());
    exchange::export_model(request, fixture.path());
    model::Transformer second = model_of(fixture);
    const at::Tensor tokens = at::tensor({1, 5, 9, 200, 3, 7}, at::kLong).unsqueeze(0);
    CHECK(at::equal(first.logits(tokens), second.logits(tokens)));
  }
}

namespace {

// A run of an imported checkpoint, and a task of two questions.
struct Imported {
  Imported() {
    const exchange::PublishedFolder folder(fixture.path());
    model = folder.config().model;
    const auto directory = runs.make("import", "weights", json::object(), {}, {});
    folder.write(directory.path());
    Runs::finish(directory, json::object());
    write_file_atomically(runs.path() / "colours.csv",
                          "thing,right,wrong\nThe sky,blue,green\nThe sun,yellow,dark\n");
    config::Task task;
    task.name = "colours";
    task.source.kind = "file";
    task.source.name = (runs.path() / "colours.csv").string();
    task.context = "{thing} is";
    task.choices = {"{right}", "{wrong}"};
    task.gold = "0";
    do_here(runs, "task", "task-colours", config::to_json(task), {});
  }

  config::EvalSpec spec() const {
    config::EvalSpec spec;
    spec.model = model;
    spec.precision = "fp32";
    spec.tasks = {"colours"};
    return spec;
  }

  json evaluate(const config::EvalSpec& asked, std::map<std::string, std::string> inputs) const {
    inputs["task-colours"] = "task-colours";
    return do_here(runs, "eval", "answers", config::to_json(asked), inputs);
  }

  PublishedFixture fixture = PublishedFixture::qwen();
  Runs runs;
  config::ModelConfig model;
};

}  // namespace

TEST_CASE("a task is asked of an imported checkpoint in its own tokens", "[worker]") {
  const Imported imported;
  const json result = imported.evaluate(imported.spec(), {{"weights", "weights"}});
  CHECK(result.at("tasks").at("colours").at("items") == 2);
  CHECK(result.at("corpus_fingerprint") == "");
  const std::string lines = read_file(imported.runs.path() / "answers" / "answers-colours.jsonl");
  const json line = json::parse(lines.substr(0, lines.find('\n')));
  const auto tokenizer = data::open_encoder(imported.runs.path() / "weights");
  const auto request = eval::make_request(*tokenizer, "The sky is", " blue");
  CHECK(request.continuation == std::vector<int32_t>{' ', 'b', 'l', 'u', 'e'});
  CHECK(line.at("tokens").at(0) == 5);
  std::vector<int64_t> tokens(request.context.begin(), request.context.end());
  tokens.insert(tokens.end(), request.continuation.begin(), request.continuation.end());
  model::Transformer model = model_of(imported.fixture);
  const at::Tensor ids = at::tensor(tokens, at::kLong).unsqueeze(0);
  const at::Tensor log_p = at::log_softmax(model.logits(ids.narrow(1, 0, ids.size(1) - 1)), -1);
  double sum = 0;
  for (size_t i = request.context.size(); i < tokens.size(); ++i)
    sum += log_p[0][static_cast<int64_t>(i) - 1][tokens[i]].item<double>();
  CHECK(line.at("log_likelihoods").at(0).get<double>() == Approx(sum).epsilon(1e-5));
}

TEST_CASE("weights are read with no tokenizer and no corpus but their own", "[worker]") {
  const Imported imported;
  const auto failure = [&](const config::EvalSpec& spec, const std::string& corpus) {
    try {
      imported.evaluate(spec, {{"weights", "weights"}, {"corpus", corpus}});
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("evaluated");
  };
  const auto other = imported.runs.make("prepare", "other", json::object(), {}, {});
  json tokenizer = exchange::byte_tokenizer();
  tokenizer["model"]["merges"].erase(4);
  write_file_atomically(other.path() / "tokenizer.json", tokenizer.dump());
  write_file_atomically(other.path() / "tokenizer_config.json",
                        imported.fixture.tokenizer_config.dump());
  Runs::finish(other, json::object());
  CHECK_THAT(failure(imported.spec(), "other"),
             Catch::Contains("the weights are not this tokenizer's"));
  config::EvalSpec spec = imported.spec();
  spec.measures = {{.name = "unseen", .window = 16, .windows = 2}};
  CHECK_THAT(failure(spec, "corpus"), Catch::Contains("its tokens are not those of the weights"));
}
