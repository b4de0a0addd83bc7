package dev.socratic.trainer.model;

import dev.socratic.trainer.engine.Precision;
import java.util.List;

/**
 * What loading a model settled.
 *
 * @param vocabulary rows of the embeddings, grown ones included
 * @param grownBy rows that were added for new tokens
 * @param stream the type of the residual stream and of everything outside the linear layers
 * @param compute the type that linear layers multiply in
 * @param targetModules names of the linear layers that have an adapter, as PEFT writes them
 * @param parameters frozen and trainable parameters together
 */
public record LoadedModel(
        int vocabulary,
        int grownBy,
        Precision stream,
        Precision compute,
        List<String> targetModules,
        long parameters,
        long trainable) {
    public LoadedModel {
        targetModules = List.copyOf(targetModules);
    }
}
