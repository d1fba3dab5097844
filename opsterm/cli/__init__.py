"""The face without a screen: verbs; stdout is data, stderr is talk."""
