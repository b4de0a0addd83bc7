package dev.socratic.trainer.model;

import dev.socratic.trainer.engine.Precision;

/**
 * What loading a model settled.
 *
 * @param vocabulary rows of the embeddings, grown ones included
 * @param grownBy rows that were added for new tokens
 * @param stream the type of the residual stream and of everything outside the linear layers
 * @param compute the type that linear layers multiply in
 * @param parameters frozen and trainable parameters together
 */
public record LoadedModel(
        int vocabulary, int grownBy, Precision stream, Precision compute, long parameters, long trainable) {}
