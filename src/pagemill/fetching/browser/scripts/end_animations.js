// Brings finite animations to their end and takes endless ones away, so that the picture shows where they lead.
() => {
  for (const animation of document.getAnimations()) {
    try {
      if (animation.effect && animation.effect.getComputedTiming().endTime === Infinity) animation.cancel();
      else animation.finish();
    } catch { /* one that cannot end stays as it is */ }
  }
}
