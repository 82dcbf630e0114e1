#include "data/prepare.hpp"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/stopwatch.hpp"
#include "data/tokens/token_shards_writer.hpp"
#include "data/tokens/tokenizer.hpp"

namespace repro::data {
namespace {

using nlohmann::json;

const std::vector<std::string> kSplits = {"train", "valid", "test"};
constexpr int64_t kDocumentsBetweenReports = 256;

// The words of train documents spread evenly over the split: a document is taken whenever the
// sample lags behind its share of the text seen so far.
WordCounts sample_words(const CorpusText& text, int64_t megabytes) {
  const double wanted = static_cast<double>(megabytes) * 1e6;
  const double share = std::min(1.0, wanted / static_cast<double>(text.splits.at("train").bytes));
  WordCounts words;
  double seen = 0;
  double taken = 0;
  for_each_document(text.documents, [&](const Document& document) {
    if (document.split != "train") return true;
    const auto bytes = static_cast<double>(document.text.size());
    seen += bytes;
    if (taken + bytes / 2 > share * seen) return true;
    taken += bytes;
    words.add(document.text);
    return true;
  });
  return words;
}

void make_tokenizer(const CorpusText& text, const config::PrepareSpec& spec, const fs::path& path,
                    const ProgressCallback& progress) {
  progress("tokenizer", 0, 1, "models");
  const WordCounts words = sample_words(text, spec.tokenizer_megabytes);
  write_file_atomically(path, train_tokenizer(words, spec.vocabulary));
  progress("tokenizer", 1, 1, "models");
}

void encode_documents(const CorpusText& text, const config::PrepareSpec& spec, Tokenizer& tokenizer,
                      std::map<std::string, std::unique_ptr<TokenShardsWriter>>& writers,
                      const ProgressCallback& progress) {
  int64_t total = 0;
  for (const auto& [name, split] : text.splits) total += split.documents;
  int64_t done = 0;
  std::vector<int32_t> tokens;
  bool train_full = false;
  for_each_document(text.documents, [&](const Document& document) {
    if (done++ % kDocumentsBetweenReports == 0)
      progress("encode", static_cast<double>(done - 1), static_cast<double>(total), "documents");
    if (train_full && document.split == "train") return true;
    TokenShardsWriter& writer = *writers.at(document.split);
    tokens.clear();
    tokenizer.encode(document.text, tokens);
    tokens.push_back(tokenizer.end_of_text());
    const int64_t limit = document.split == "train" ? spec.max_train_tokens : 0;
    train_full = limit > 0 && writer.tokens() + static_cast<int64_t>(tokens.size()) > limit;
    if (!train_full) writer.add_document(tokens, static_cast<int64_t>(document.text.size()));
    return true;
  });
}

void write_shards(const CorpusText& text, const config::PrepareSpec& spec,
                  const fs::path& directory, PrepareResult& result,
                  const ProgressCallback& progress) {
  Tokenizer tokenizer(tokenizer_path(directory));
  std::map<std::string, std::unique_ptr<TokenShardsWriter>> writers;
  for (const std::string& name : kSplits)
    writers[name] = std::make_unique<TokenShardsWriter>(
        shard_path(directory, name), tokenizer.piece_bytes(), tokenizer.sha256());
  encode_documents(text, spec, tokenizer, writers, progress);
  for (const std::string& name : kSplits) {
    TokenShardsWriter& writer = *writers[name];
    if (writer.documents() == 0)
      throw Error("corpus '{}': max_train_tokens {} is less than its first document",
                  spec.corpus.name, spec.max_train_tokens);
    writer.finish();
    result.splits[name] = {writer.documents(), writer.tokens(), writer.text_bytes()};
  }
  result.tokenizer_sha256 = tokenizer.sha256();
  result.vocabulary = tokenizer.vocabulary();
  result.end_of_text = tokenizer.end_of_text();
}

std::string fingerprint(const fs::path& directory) {
  Sha256 hash;
  hash.update(sha256_hex_of_file(tokenizer_path(directory)));
  for (const std::string& name : kSplits)
    hash.update(sha256_hex_of_file(shard_path(directory, name)));
  return hash.hex();
}

}  // namespace

fs::path shard_path(const fs::path& directory, const std::string& split) {
  return directory / (split + ".tokens");
}

fs::path tokenizer_path(const fs::path& directory) { return directory / "tokenizer.model"; }

PrepareResult prepare(const config::PrepareSpec& spec, const fs::path& directory,
                      const ProgressCallback& progress) {
  const CorpusText text = corpus_text(spec.corpus, cache_directory(), progress);
  for (const std::string& name : kSplits)
    if (!text.splits.contains(name))
      throw Error("corpus '{}': no document falls into its {} split; give it more text",
                  spec.corpus.name, name);
  PrepareResult result;
  result.corpus = spec.corpus.name;
  result.packages = text.packages;
  result.dropped = text.dropped;
  result.overlap = text.overlap;
  result.seconds = {{"download", text.download_seconds}, {"extract", text.extract_seconds}};
  Stopwatch watch;
  make_tokenizer(text, spec, tokenizer_path(directory), progress);
  result.seconds["tokenizer"] = watch.lap();
  write_shards(text, spec, directory, result, progress);
  result.fingerprint = fingerprint(directory);
  result.seconds["encode"] = watch.lap();
  return result;
}

void to_json(json& object, const PrepareResult& result) {
  object = {{"corpus", result.corpus},
            {"fingerprint", result.fingerprint},
            {"tokenizer_sha256", result.tokenizer_sha256},
            {"vocabulary", result.vocabulary},
            {"end_of_text", result.end_of_text},
            {"packages", result.packages},
            {"dropped", result.dropped},
            {"seconds", result.seconds}};
  object["overlap_13gram"] = result.overlap;
  for (const auto& [name, split] : result.splits)
    object["splits"][name] = {
        {"documents", split.documents}, {"tokens", split.tokens}, {"bytes", split.bytes}};
}

}  // namespace repro::data
