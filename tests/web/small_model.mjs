// A real language model, small enough for a test, behind the OpenAI-compatible protocol.
//
//     node tests/web/small_model.mjs NODE_MODULES MODEL.gguf    # prints its port, then serves one request at a time
//
// NODE_MODULES is a folder with `node-llama-cpp` (npm). `response_format` is held to by a grammar, as other servers do.
import http from "node:http";

const [modules, path] = process.argv.slice(2);
const {getLlama, LlamaChatSession} = await import(`${modules}/node-llama-cpp/dist/index.js`);
const llama = await getLlama({gpu: false, build: "never", logLevel: "error"});
const model = await llama.loadModel({modelPath: path});
// More threads wait for each other by spinning, which on a busy machine takes a hundred times as long.
const context = await model.createContext({contextSize: 3072, threads: 1});
const sequence = context.getSequence();

async function answer(asked) {
    await sequence.clearHistory();
    const session = new LlamaChatSession({contextSequence: sequence});
    const schema = asked.response_format?.json_schema.schema;
    const grammar = schema && (await llama.createGrammarForJsonSchema(schema));
    const prompt = asked.messages.map((message) => message.content).join("\n\n");
    const text = await session.prompt(prompt, {grammar, maxTokens: Math.min(asked.max_tokens ?? 120, 120), temperature: 0});
    session.dispose({disposeSequence: false});
    const message = {role: "assistant", content: text};
    return {id: "1", object: "chat.completion", created: 1, model: "small", choices: [{index: 0, message, finish_reason: "stop"}]};
}

const server = http.createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    let status = 200, made;
    try {
        made = await answer(JSON.parse(body));
    } catch (error) {
        [status, made] = [400, {error: {message: String(error), type: "invalid_request_error"}}];
    }
    response.writeHead(status, {"Content-Type": "application/json"}).end(JSON.stringify(made));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
