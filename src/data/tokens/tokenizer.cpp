#include "data/tokens/tokenizer.hpp"

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <algorithm>
#include <unordered_map>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"

namespace repro::data {
namespace {

constexpr std::string_view kSpace = "\u2581";  // how pieces write a space

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

std::string text_of(const sentencepiece::SentencePieceProcessor& processor, int32_t token) {
  if (processor.IsControl(token)) return "";
  std::string piece = processor.IdToPiece(token);
  if (processor.IsByte(token))  // "<0x0A>"
    return std::string(1, static_cast<char>(std::stoi(piece.substr(3, 2), nullptr, 16)));
  for (size_t at = piece.find(kSpace); at != std::string::npos; at = piece.find(kSpace, at + 1))
    piece.replace(at, kSpace.size(), " ");
  return piece;
}

// Of the words that are remembered, with what they are encoded as and what a map takes beside it.
constexpr size_t kRememberedBytes = 100'000'000;
constexpr size_t kBesideWord = 120;
// sentencepiece takes a hundred bytes of memory for each of a word's. What is longer is no word of
// a language: its rest is told byte by byte.
constexpr size_t kLongestWord = 1 << 14;

// At most `limit` bytes, and whole characters.
size_t whole_characters(std::string_view text, size_t limit) {
  if (text.size() <= limit) return text.size();
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
  return limit;
}

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
  std::vector<std::string> texts;  // what each token stands for
  // Pieces never cross a space, so a paragraph's tokens are its words' tokens, and text repeats its
  // words: remembering them makes encoding some ten times faster.
  std::unordered_map<std::string, std::vector<int32_t>> words;
  size_t remembered_bytes = 0;
  std::string word;  // the key looked up, reused

  const std::vector<int32_t>& encode_word();
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
  for (int32_t token = 0; token < state_->processor.GetPieceSize(); ++token)
    state_->texts.push_back(text_of(state_->processor, token));
}

Tokenizer::~Tokenizer() = default;

int64_t Tokenizer::vocabulary() const { return state_->processor.GetPieceSize(); }

int32_t Tokenizer::end_of_text() const { return state_->processor.eos_id(); }

void Tokenizer::encode(std::string_view text, std::vector<int32_t>& out) {
  // A word is what stands between two separators, be it nothing: two spaces are a word of the space
  // alone. Only an empty paragraph has no word.
  bool paragraph_begins = true;
  while (true) {
    const size_t end = std::min(text.find_first_of(" \n"), text.size());
    const bool paragraph_ends = end == text.size() || text[end] == '\n';
    if (!(paragraph_begins && paragraph_ends && end == 0)) {
      state_->word.assign(text, 0, end);
      const std::vector<int32_t>& ids = state_->encode_word();
      out.insert(out.end(), ids.begin(), ids.end());
    }
    if (end == text.size()) return;
    if (paragraph_ends) out.push_back(state_->newline);
    paragraph_begins = paragraph_ends;
    text.remove_prefix(end + 1);
  }
}

const std::vector<int32_t>& Tokenizer::State::encode_word() {
  const auto known = words.find(word);
  if (known != words.end()) return known->second;
  const size_t spelt = whole_characters(word, kLongestWord);
  std::vector<int32_t> ids = processor.EncodeAsIds(
      word.empty() ? std::string_view(" ") : std::string_view(word).substr(0, spelt));
  if (word.empty()) ids.resize(ids.size() / 2);  // the text " " is two spaces to sentencepiece
  for (const char c : std::string_view(word).substr(spelt))
    ids.push_back(newline - '\n' + static_cast<unsigned char>(c));
  if (remembered_bytes > kRememberedBytes) {
    words.clear();
    remembered_bytes = 0;
  }
  remembered_bytes += kBesideWord + word.size() + ids.size() * sizeof(int32_t);
  return words.emplace(word, std::move(ids)).first->second;
}

std::string Tokenizer::decode(std::span<const int32_t> tokens) const {
  std::string text;
  bool paragraph_begins = true;  // where encoding put a space before the first word
  for (const int32_t token : tokens) {
    if (token < 0 || static_cast<size_t>(token) >= state_->texts.size())
      throw Error("token {} lies outside the tokenizer's {} pieces", token, state_->texts.size());
    std::string_view piece = state_->texts[static_cast<size_t>(token)];
    if (paragraph_begins && piece.starts_with(' ')) piece.remove_prefix(1);
    text += piece;
    paragraph_begins = token == state_->newline || token == end_of_text();
  }
  return text;
}

PieceBytes Tokenizer::piece_bytes() const {
  PieceBytes pieces;
  pieces.newline = state_->newline;
  pieces.end_of_text = end_of_text();
  for (const std::string& text : state_->texts) {
    pieces.bytes.push_back(static_cast<uint16_t>(text.size()));
    pieces.leading_space.push_back(text.starts_with(' ') ? 1 : 0);
  }
  return pieces;
}

}  // namespace repro::data
