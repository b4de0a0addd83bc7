/** Four-bit NormalFloat with double quantization, bit for bit as bitsandbytes computes and stores it. */
package dev.socratic.trainer.quant;
