import ArgumentParser
import Runner
print("hi")
