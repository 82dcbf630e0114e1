#pragma once
// The tokenizer's part of a published folder: written for a sentencepiece model so that the
// tokenizers library gives its tokens, and read from whatever of the usual files a folder has.

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "exchange/model_config.hpp"
#include "exchange/sentencepiece_model.hpp"
#include "exchange/tokenizer_json.hpp"

namespace repro::exchange {

// How a text becomes one piece before its pieces are found.
enum class Spaces {
  once,         // a space is put before the text, as Llama does
  by_paragraph  // before each paragraph, as this program does (data/tokens/tokenizer.hpp)
};

// tokenizer.json of a model. Equal to it for every text that does not spell a control piece: where
// "</s>" is written, the library takes it for the token and sentencepiece for six characters.
nlohmann::ordered_json tokenizer_json(const SentencepieceModel& model, Spaces spaces);
// tokenizer_config.json beside it.
nlohmann::ordered_json tokenizer_config_json(const SentencepieceModel& model, int64_t positions);

// The two files of a run that carries a checkpoint's tokenizer, as they will be written.
struct CarriedTokenizer {
  std::string tokenizer_json;
  std::string config_json;  // tokenizer_config.json, in which bos_token and eos_token are said
  std::string sha256;       // of tokenizer_json
  int64_t tokens = 0;
  int32_t before_text = 0;  // what stands where nothing stands before a text
};
// From a folder's tokenizer.json, else its tokenizer.model. Error with one line when it has
// neither, when its tokens are not those of `config`, or when one says what is not honoured.
// `published` is the fingerprint that the checkpoint says its tokenizer.json has, "" where it says
// none.
CarriedTokenizer carry_tokenizer(const std::filesystem::path& folder, const PublishedConfig& config,
                                 const std::string& published);

// A token of tokenizer_config.json, which a text names or an object by its "content"; "" where the
// key is absent.
std::string token_text(Keys& keys, const char* key);
// What stands before a text that has nothing before it: the token of bos_token or, where there is
// none, of eos_token, by a tokenizer_config.json.
int32_t token_before_text(const std::filesystem::path& config_file, const TokenizerFile& file);

}  // namespace repro::exchange
