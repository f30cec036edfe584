(* exactinj-proved CERTIFICATE [LAYER]: the checker that is proved correct, on files. *)

open Faults

let usage = "usage: exactinj-proved [--json | --quiet] CERTIFICATE [LAYER.json]\nCERTIFICATE is a file, plain or gzip, or - for standard input.\n"

(* The first two bytes of a channel, or what it has. *)
let start_of channel =
  let buffer = Bytes.create 2 in
  let rec fill k = if k = 2 then k else match input channel buffer k (2 - k) with 0 -> k | more -> fill (k + more) in
  Bytes.sub_string buffer 0 (fill 0)

(* The document in the file; gzip is recognised by its first two bytes and unpacked by the program gzip. *)
let with_document path action =
  let channel = try if path = "-" then stdin else open_in_bin path with Sys_error reason -> unreadable "cannot be opened: %s" reason in
  let start = try start_of channel with Sys_error reason -> unreadable "cannot be read to its end: %s" reason in
  if start <> "\x1f\x8b" then action (Json.reader ~start channel)
  else begin
    (try seek_in channel 0 with Sys_error _ -> unreadable "gzip from a pipe: expected a file, or unpacked text");
    let pipe = Unix.open_process_args_in "gzip" [| "gzip"; "-dc"; "--"; path |] in
    let result = try Ok (action (Json.reader pipe)) with fault -> Error fault in
    match (Unix.close_process_in pipe, result) with
    | Unix.WEXITED 0, Ok reason -> reason
    | _, Ok _ -> unreadable "the gzip data is damaged: get a complete copy of the file"
    | _, Error fault -> raise fault
  end

let quote text =
  let out = Buffer.create (String.length text + 2) in
  String.iter
    (function
      | '"' -> Buffer.add_string out "\\\""
      | '\\' -> Buffer.add_string out "\\\\"
      | c when c < ' ' || c > '~' -> Buffer.add_string out (Printf.sprintf "\\u%04x" (Char.code c))
      | c -> Buffer.add_char out c)
    text;
  "\"" ^ Buffer.contents out ^ "\""

let say options claim (word, status, reason) =
  let line =
    if List.mem "--json" options then
      Printf.sprintf "{\"valid\": %b, \"claim\": %s, \"reason\": %s}" (status = 0)
        (match claim with Some c when status = 0 || status = 4 -> quote c | _ -> "null") (quote reason)
    else Printf.sprintf "%s: %s%s" word (match claim with Some c when status = 0 -> c ^ ": " | _ -> "") reason in
  if List.mem "--quiet" options then status
  else if status >= 3 && status <> 4 && not (List.mem "--json" options) then (prerr_endline line; status)
  else
    try print_endline line; status
    with Sys_error reason -> prerr_endline ("the answer could not be written to standard output: " ^ reason); 1

let others = [ ("convolution", Convolution.check); ("residual", Residual.check); ("dense_network", Network.check); ("graph", Graph.check) ]
let given_files = [ "layer file:"; "kernel file:"; "network file:"; "block file:" ]

let () =
  (* Long numbers come and go: what is new fits into the cache, and the rest is collected less often. *)
  Gc.set { (Gc.get ()) with minor_heap_size = 1 lsl 18; space_overhead = 400 };
  let options, files = List.partition (fun a -> String.length a > 1 && a.[0] = '-') (List.tl (Array.to_list Sys.argv)) in
  if List.exists (fun o -> not (List.mem o [ "--json"; "--quiet" ])) options then (prerr_string usage; exit 2);
  let path, given = match files with [ c ] -> (c, None) | [ c; l ] -> (c, Some l) | _ -> prerr_string usage; exit 2 in
  let claim = ref None in
  let outcome =
    try
      ("valid", 0, with_document path (fun reader -> Certificate.check ~others reader given claim))
    with
    | Unreadable text when List.exists (fun file -> String.starts_with ~prefix:file text) given_files -> ("unreadable", 3, text)
    | Unreadable text -> ("unreadable", 3, "certificate: " ^ text)
    | Rejected text -> ("rejected", 4, text)
    | Stack_overflow | Out_of_memory -> ("unreadable", 3, "certificate: does not fit into memory") in
  exit (say options !claim outcome)
