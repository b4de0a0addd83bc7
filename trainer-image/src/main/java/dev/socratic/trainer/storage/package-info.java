/**
 * From URIs to local files and back: {@link dev.socratic.trainer.storage.Storage} has one small class per scheme.
 * Everything that arrives is checked, everything that is published is whole.
 */
package dev.socratic.trainer.storage;
