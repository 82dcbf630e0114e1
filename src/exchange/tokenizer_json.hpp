#pragma once
// tokenizer.json of the tokenizers library as data: byte-level BPE (GPT-2, Qwen2, Llama 3) and
// byte-fallback BPE (Llama 2). Whatever of the file would change a token and is not honoured here
// is refused by name; post-processors and decoders change none of a plain text's tokens.

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

namespace repro::exchange {

// What a text goes through before it is cut.
struct NormalizerStep {
  enum class Kind { nfc, prepend, replace, replace_expression };
  Kind kind = Kind::nfc;
  std::string pattern;  // a text, or a regular expression of known_expressions()
  std::string content;  // that stands in its place or, of prepend, before what is not empty
};

struct Merge {
  int32_t left = 0, right = 0, result = 0;
};

// A token that is found in a text before anything else is done.
struct AddedToken {
  std::string text;
  int32_t id = 0;
  bool normalized = false;  // is looked for in the normalised text
};

struct TokenizerFile {
  std::string sha256;
  bool byte_level = false;  // its pieces are bytes as byte_characters() writes them
  bool ignore_merges = false;
  std::vector<NormalizerStep> normalizer;
  std::string words;  // the regular expression that cuts words; "" = the text is one
  std::unordered_map<std::string, int32_t> vocabulary;
  std::vector<Merge> merges;  // the first goes first
  std::vector<AddedToken> added;
  int64_t tokens = 0;  // one more than the highest id

  // The id of a piece or of an added token, -1 when it is none.
  int32_t id_of(const std::string& token) const;
};

// Error with one line, which `place` begins, when the file is damaged or says anything that is not
// honoured.
TokenizerFile parse_tokenizer(const std::string& text, const std::string& place);
TokenizerFile read_tokenizer(const std::filesystem::path& path);

// The character by which byte-level files write each byte, in UTF-8 (GPT-2's bytes_to_unicode).
const std::vector<std::string>& byte_characters();

// The regular expressions that files may hold: those of the published tokenizers, and ours. An
// expression of a stranger could be one that never ends.
inline constexpr const char* kGpt2Words =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
inline constexpr const char* kEmptyParagraph = R"(\A▁(?=\n))";
inline constexpr const char* kParagraphBegins = R"(\n(?=[^\n]))";

}  // namespace repro::exchange
