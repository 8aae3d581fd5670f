"""The trained model: boosted trees and the class-name vocabulary, read from `model.npz`."""
