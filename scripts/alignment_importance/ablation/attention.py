"""The last block of a transformer with channels of its patches ablated, for the class token alone, in closed form.

Notation: x_td is channel d of patch t as it enters the block, D the number of channels, gamma, beta and eps those of
the first layer normalisation, W_k and W_v the weights of keys and values, b the bias of the keys. With any channels
ablated, the normalised patch is

    gamma (x_t - mu_t) / sigma_t + beta,    mu_t = sum_d x_td / D,    sigma_t² = sum_d x_td² / D - mu_t² + eps,

and its key W_k gamma x_t / sigma_t - mu_t W_k gamma / sigma_t + W_k beta + b. The class token is never ablated, so its
query q stays, and channel d enters its attention to patch t as one number per head, q W_k[:, d] gamma_d x_td. The
attended value is a weighted sum of values, which are linear in x_td as the keys are. Ablating channel d sets it to m_d,
its fill: x_td falls by x_td - m_d and x_td² by x_td² - m_d². What is left to compute for each variant is the projection
and the fully connected layers of one token.
"""

from dataclasses import replace
from typing import Any, NamedTuple

import torch

from alignment_importance.ablation.heads import VariantHead
from alignment_importance.networks.head import Head
from alignment_importance.system.compute import Compute

#: Tokens (one per variant and image) that go through the fully connected layers together.
_ROWS = 256


class _Patches(NamedTuple):
    """Sums over the channels of the patches of some images, to which changes are added; ablated channels count as m_d.

    Attributes:
        attention: (image, head, patch) of q W_k[:, d] gamma_d x_td.
        sums, squares: (image, patch) of x_td and of its square, in float64.
        values: (image, head, patch, unit) of W_v[:, d] gamma_d x_td.
    """

    attention: torch.Tensor
    sums: torch.Tensor
    squares: torch.Tensor
    values: torch.Tensor


class AttentionHead(VariantHead):
    """The last block of a transformer, and what follows it, for the class token."""

    def __init__(
        self, head: Head, compute: Compute, fill: torch.Tensor, maps: torch.Tensor, prefix: torch.Tensor
    ) -> None:
        """Take a head of route `attention`, the fill, the maps, and the tokens before them, the class token first."""
        super().__init__(head, compute, fill, maps, prefix)
        assert head.block is not None and head.tail is not None
        # A `timm.models.vision_transformer.Block` and its parts, see `routes.has_closed_form`.
        self._block: Any
        self._block, self._tail = compute.place(head.block), compute.place(head.tail)
        self._head = replace(head, block=self._block, tail=self._tail)
        self._fill = fill.to(compute.device)
        self._x = maps.flatten(2).to(compute.device)
        self._class_token = prefix[:, 0].to(compute.device)
        with torch.no_grad():
            self._prepare(prefix.to(compute.device))
            self._whole = self._patches(slice(None), torch.arange(maps.shape[1], device=compute.device))
        self.intact = self._readouts(None, torch.arange(0), torch.zeros(1, 0))[0]
        n_images, n_maps, n_patches = self._x.shape
        values_per_row = 4 * self._keys.shape[1] * n_patches + 12 * n_maps
        self.bytes_per_variant = 4 * (n_images * self.intact.shape[1] + 4 * values_per_row)

    def _prepare(self, prefix: torch.Tensor) -> None:
        """Compute everything that does not depend on the patches."""
        norm, attention = self._block.norm1, self._block.attn
        heads = (attention.num_heads, attention.head_dim)
        w_q, w_k, w_v = attention.qkv.weight.chunk(3)
        bias = attention.qkv.bias
        b_q, b_k, b_v = w_q.new_zeros(3, len(w_q)) if bias is None else bias.chunk(3)
        tokens = norm(prefix)
        query = ((tokens[:, 0] @ w_q.T + b_q) * attention.scale).unflatten(-1, heads)
        keys, values = ((tokens @ weight.T + b).unflatten(-1, heads) for weight, b in ((w_k, b_k), (w_v, b_v)))
        #: (image, head, 1, token) logits and (image, head, token, unit) values of the tokens before the patches.
        self._prefix_logits = torch.einsum("nhe,nphe->nhp", query, keys)[:, :, None]
        self._prefix_values = values.transpose(1, 2).contiguous()
        #: (image, head, channel) q W_k gamma, and (image, head, 1, 1) q (W_k beta + b).
        self._keys = torch.einsum("nhe,hed->nhd", query, (w_k * norm.weight).unflatten(0, heads))
        constant = (w_k @ norm.bias + b_k).unflatten(0, heads)
        self._keys_constant = torch.einsum("nhe,he->nh", query, constant)[:, :, None, None]
        #: (head, channel, unit) W_v gamma, and (head, 1, unit) W_v beta + b.
        self._values = (w_v * norm.weight).unflatten(0, heads).mT.contiguous()
        self._values_constant = (w_v @ norm.bias + b_v).unflatten(0, heads)[:, None]

    def _patches(self, images: slice, channels: torch.Tensor) -> _Patches:
        """The patches of some images with `channels` (channel,) kept and all others ablated."""
        x, keys, fill = self._less_fill(images, channels), self._keys[images], self._fill.double()
        values = self._values[:, channels].transpose(0, 1).flatten(1)
        values_of_fill = torch.einsum("hdu,d->hu", self._values, self._fill)[:, None]
        return _Patches(
            (keys[:, :, channels] @ x).add_((keys @ self._fill)[:, :, None]),
            x.sum(1, dtype=torch.float64).add_(fill.sum()),
            self._square_less_fill(x, channels).sum(1).add_(fill.square().sum()),
            (x.mT @ values).unflatten(2, self._values.shape[::2]).transpose(1, 2) + values_of_fill,
        )

    def _less_fill(self, images: slice, channels: torch.Tensor) -> torch.Tensor:
        """(image, channel, patch) x_td - m_d of some channels."""
        return self._x[images][:, channels].sub_(self._fill[channels, None])

    def _square_less_fill(self, x: torch.Tensor, channels: torch.Tensor) -> torch.Tensor:
        """(image, channel, patch) x_td² - m_d² of some channels in float64; x holds their x_td - m_d."""
        return x.double().mul_(x + 2 * self._fill[channels, None].double())

    def _readouts(self, base: torch.Tensor | None, channels: torch.Tensor, change: torch.Tensor) -> torch.Tensor:
        """A few images at a time, each token with all of its variants."""
        device = self._x.device
        channels, change = channels.to(device), change.to(device)
        at_once = max(1, _ROWS // len(change))
        readouts = []
        with torch.no_grad():
            for start in range(0, len(self._x), at_once):
                images = slice(start, start + at_once)
                if base is None:
                    patches = _Patches(*(values[images] for values in self._whole))
                else:
                    patches = self._patches(images, base.to(device))
                readouts.append(self._finish(images, self._attended(images, patches, channels, change)))
        return torch.cat(readouts).transpose(0, 1)

    def _attended(self, images: slice, patches: _Patches, channels: torch.Tensor, change: torch.Tensor) -> torch.Tensor:
        """(image, variant, head * unit) values that the class token attends to."""
        x, n_maps = self._less_fill(images, channels), self._x.shape[1]
        # In float64: variances are differences of squares, which some channels of transformers make large.
        exact_change = change.double()
        mean = (patches.sums[:, None] + exact_change @ x.double()) / n_maps
        mean_square = (patches.squares[:, None] + exact_change @ self._square_less_fill(x, channels)) / n_maps
        scale = (mean_square - mean.square()).clamp_(min=0).add_(self._block.norm1.eps).rsqrt().float()[:, None]
        shift = mean.float()[:, None]
        keys = self._keys[images]
        logits = change @ (keys[:, :, channels, None] * x[:, None])
        logits.add_(patches.attention[:, :, None]).addcmul_(shift, keys.sum(-1)[:, :, None, None], value=-1)
        logits.mul_(scale)
        # The part that the logits of all patches share is subtracted from the other tokens: the softmax is the same.
        prefix_logits = (self._prefix_logits - self._keys_constant)[images]
        highest = torch.maximum(logits.amax(-1, keepdim=True), prefix_logits.amax(-1, keepdim=True))
        weights, prefix_weights = logits.sub_(highest).exp_(), (prefix_logits - highest).exp_()
        total, scaled = weights.sum(-1, keepdim=True), weights * scale
        attended = scaled @ patches.values + ((scaled @ x.mT[:, None]) * change) @ self._values[:, channels]
        attended.sub_((scaled * shift).sum(-1, keepdim=True) * self._values.sum(1, keepdim=True))
        attended.add_(total * self._values_constant).add_(prefix_weights @ self._prefix_values[images])
        attended.div_(total + prefix_weights.sum(-1, keepdim=True))
        return attended.transpose(1, 2).flatten(2)

    def _finish(self, images: slice, attended: torch.Tensor) -> torch.Tensor:
        """(image, variant, unit) readouts: the rest of the block and the head, run on the values attended to."""
        block = self._block
        with self._compute.arithmetic():
            tokens = self._class_token[images, None] + block.ls1(block.attn.proj(attended))
            tokens = tokens + block.ls2(block.mlp(block.norm2(tokens)))
            return self._tail(tokens.flatten(0, 1)[:, None]).float().unflatten(0, tokens.shape[:2])
