#include "data/tokenizer.hpp"

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <algorithm>
#include <unordered_map>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"

namespace repro::data {
namespace {

// sentencepiece pulls "word<tab>count" lines through this, in an order of ours.
class CountedWords final : public sentencepiece::SentenceIterator {
 public:
  explicit CountedWords(const WordCounts& words) {
    for (const auto& [word, count] : words.counts())
      lines_.push_back(fmt::format("{}\t{}", word, count));
    std::sort(lines_.begin(), lines_.end());
  }
  bool done() const override { return position_ == lines_.size(); }
  void Next() override { ++position_; }
  const std::string& value() const override { return lines_[position_]; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  std::vector<std::string> lines_;
  size_t position_ = 0;
};

bool has_control_byte(std::string_view word) {
  return std::any_of(word.begin(), word.end(), [](unsigned char c) { return c < 0x20; });
}

constexpr size_t kRememberedWords = 1 << 20;

}  // namespace

void WordCounts::add(std::string_view text) {
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(" \n"), text.size());
    // A control byte would break the line a word is told by; such words are encoded as bytes.
    if (end > 0 && !has_control_byte(text.substr(0, end)))
      ++counts_[std::string(text.substr(0, end))];
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string train_tokenizer(const WordCounts& words, int64_t vocabulary) {
  CountedWords lines(words);
  std::string model;
  const std::unordered_map<std::string, std::string> options = {
      {"model_type", "bpe"},
      {"input_format", "tsv"},
      {"vocab_size", std::to_string(vocabulary)},
      {"byte_fallback", "true"},
      {"character_coverage", "0.9995"},
      {"normalization_rule_name", "identity"},
      {"remove_extra_whitespaces", "false"},
      {"split_digits", "true"},
      {"unk_id", "0"},
      {"eos_id", "1"},
      {"bos_id", "-1"},
      {"pad_id", "-1"},
      {"max_sentence_length", "1000000"},
      {"num_threads", "1"},
      {"minloglevel", "2"},
  };
  const auto status = sentencepiece::SentencePieceTrainer::Train(options, &lines, &model);
  if (!status.ok())
    throw Error(
        "cannot learn a tokenizer of {} pieces: {}; change the vocabulary or give more text",
        vocabulary, status.ToString());
  return model;
}

struct Tokenizer::State {
  sentencepiece::SentencePieceProcessor processor;
  int32_t newline = 0;
  // Pieces never cross a space, so a paragraph's tokens are its words' tokens, and text repeats its
  // words: remembering them makes encoding some twenty times faster.
  std::unordered_map<std::string, std::vector<int32_t>> words;
  std::string word;  // the key looked up, reused

  void append_words(std::string_view paragraph, std::vector<int32_t>& out);
};

Tokenizer::Tokenizer(const std::filesystem::path& model) : state_(std::make_unique<State>()) {
  const std::string bytes = read_file(model);
  sha256_ = sha256_hex(bytes);
  const auto status = state_->processor.LoadFromSerializedProto(bytes);
  if (!status.ok())
    throw Error("{}: not a tokenizer model: {}; prepare the corpus again", model.string(),
                status.ToString());
  state_->newline = state_->processor.PieceToId("<0x0A>");
  if (state_->processor.IsUnknown(state_->newline))
    throw Error("{}: has no byte pieces; a byte-fallback model is needed", model.string());
}

Tokenizer::~Tokenizer() = default;

int64_t Tokenizer::vocabulary() const { return state_->processor.GetPieceSize(); }

int32_t Tokenizer::end_of_text() const { return state_->processor.eos_id(); }

void Tokenizer::encode(std::string_view text, std::vector<int32_t>& out) {
  while (true) {
    const size_t newline = text.find('\n');
    const std::string_view paragraph = text.substr(0, newline);
    const bool plain = !paragraph.starts_with(' ') && !paragraph.ends_with(' ') &&
                       paragraph.find("  ") == paragraph.npos;
    if (plain) {
      state_->append_words(paragraph, out);
    } else {
      const auto ids = state_->processor.EncodeAsIds({paragraph.data(), paragraph.size()});
      out.insert(out.end(), ids.begin(), ids.end());
    }
    if (newline == text.npos) return;
    out.push_back(state_->newline);
    text.remove_prefix(newline + 1);
  }
}

void Tokenizer::State::append_words(std::string_view paragraph, std::vector<int32_t>& out) {
  while (!paragraph.empty()) {
    const size_t space = std::min(paragraph.find(' '), paragraph.size());
    word.assign(paragraph, 0, space);
    auto known = words.find(word);
    if (known == words.end()) {
      if (words.size() >= kRememberedWords) words.clear();
      known = words.emplace(word, processor.EncodeAsIds(word)).first;
    }
    out.insert(out.end(), known->second.begin(), known->second.end());
    paragraph.remove_prefix(std::min(space + 1, paragraph.size()));
  }
}

std::string Tokenizer::decode(std::span<const int32_t> tokens) const {
  std::string text;
  std::vector<int> paragraph;
  const auto end_paragraph = [&] {
    if (!paragraph.empty()) text += state_->processor.DecodeIds(paragraph);
    paragraph.clear();
  };
  for (const int32_t token : tokens) {
    if (token < 0 || token >= state_->processor.GetPieceSize())
      throw Error("token {} lies outside the tokenizer's {} pieces", token,
                  state_->processor.GetPieceSize());
    if (token == state_->newline) {
      end_paragraph();
      text += '\n';
    } else if (token != end_of_text()) {
      paragraph.push_back(token);
    }
  }
  end_paragraph();
  return text;
}

}  // namespace repro::data
