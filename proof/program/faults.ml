(* The ways in which a check ends besides success. *)

exception Unreadable of string (* not a certificate, or not a layer, in the documented format *)
exception Rejected of string (* read, but the claim does not follow *)
exception Unsupported of string (* a rule or a kind of layer about which nothing is proved here *)

let unreadable format = Printf.ksprintf (fun text -> raise (Unreadable text)) format
let rejected format = Printf.ksprintf (fun text -> raise (Rejected text)) format
let unsupported format = Printf.ksprintf (fun text -> raise (Unsupported text)) format
