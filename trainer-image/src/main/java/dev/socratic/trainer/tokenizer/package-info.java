/**
 * Text to tokens as transformers does it: {@link dev.socratic.trainer.tokenizer.ChatTokenizer} holds a model's own
 * tokenizer.json with additional special tokens, and {@link dev.socratic.trainer.tokenizer.ChatTemplate} its chat
 * template.
 */
package dev.socratic.trainer.tokenizer;
