(** Rule "flat-tree": refuters, and a tree of flats that reads one refuter at each node. *)

From Coq Require Import List Bool ZArith Reals Lra Lia.
From Proof Require Import Layers Streams Integers Rows Domains Interior Elimination Bases Tables Combinations.
Import ListNotations.
Open Scope Z_scope.

(** All refuters of the list, each acceptable, in one table. *)
Fixpoint read_refuters (m : Z) (K : integer_domain) (functions : table integer_row)
  (refuters : stream (list (Z * Z))) (supports : table (list term)) : outcome (table (list term)) :=
  match refuters with
  | Done => Good supports
  | More pairs rest =>
      match support_of_refuter m K functions pairs with
      | Good support => read_refuters m K functions rest (with_entry supports support)
      | Bad why => Bad why
      end
  end.

Section Walk.

Variable functions : table integer_row.
Variable supports : table (list term).

(** The first of some rows that lies in the span of A, that is, is orthogonal to what is orthogonal to A. *)
Fixpoint first_orthogonal (C : list term) (Y : list (list Z)) : option Z :=
  match C with
  | [] => None
  | t :: C' => if orthogonal (weights (function t)) Y then Some (row_number t) else first_orthogonal C' Y
  end.

(** The rows for which remainders do not show that they lie outside. *)
Definition not_shown (U : list (list Z)) (C : list term) : list term := filter (fun t => negb (shown U (function t))) C.

Definition first_inside (B : basis) (C : list term) : option Z :=
  match not_shown (residual B) C with
  | [] => None
  | rest => first_orthogonal rest (fst (force (exact B)))
  end.

(** Whether A + i has rank n for every row i of a refuter, all of which lie outside the span of A. *)
Definition is_leaf (B : basis) (C : list term) : bool :=
  match residual B with
  | [_] => match not_shown (residual B) C with [] => true | _ => has_length 1 (fst (force (exact B))) end
  | _ => false
  end.

(** A vacuous child A + i: an excluded row k that lies in the span of it. *)
Definition vacuous (B : basis) (path : list Z) (N : Z) (t : term) (k : Z) : outcome unit :=
  if member N k then
    match entry functions k with
    | Some r =>
        let Y := fst (force (exact B)) in
        if multiple_of (products (weights (function t)) Y) (products (weights r) Y) then Good tt
        else Bad (NotInSpan k path)
    | None => Bad (NotExcluded k)
    end
  else Bad (NotExcluded k).

Definition node := basis -> list Z -> Z -> Z -> stream Z -> outcome (stream Z).

(** The children of a node, for the rows of its refuter; [read] reads the node of a child, whose first token was taken. *)
Fixpoint children (read : node) (B : basis) (path : list Z) (C : list term) (N : Z)
  (tokens : stream Z) : outcome (stream Z) :=
  match C with
  | [] => Good tokens
  | t :: C' =>
      let i := row_number t in
      if member N i then children read B path C' N tokens
      else
        match tokens with
        | Done => Bad TreeEnds
        | More token rest =>
            if token <? 0 then
              match vacuous B (i :: path) N t (- token - 1) with
              | Good _ => children read B path C' (with_member N i) rest
              | Bad why => Bad why
              end
            else
              match basis_with B (function t) with
              | Some B' =>
                  match read B' (i :: path) N token rest with
                  | Good rest' => children read B path C' (with_member N i) rest'
                  | Bad why => Bad why
                  end
              | None => Bad (RowInSpan i path)
              end
        end
  end.

(** [B] spans what is orthogonal to A, [path] is A, last row first, for the words, and [N] are the excluded rows. *)
Fixpoint read_node (depth : nat) (B : basis) (path : list Z) (N : Z) (token : Z) (rest : stream Z)
  : outcome (stream Z) :=
  match depth with
  | O => Bad TooFewRows
  | S depth' =>
      match entry supports token with
      | None => Bad (NoSuchEntry token)
      | Some C =>
          match first_inside B C with
          | Some i => Bad (RowInSpan i path)
          | None => if is_leaf B C then Good rest else children (read_node depth') B path C N rest
          end
      end
  end.

End Walk.

Definition check_flat_tree (n : nat) (m : Z) (K : integer_domain) (functions : table integer_row)
  (refuters : stream (list (Z * Z))) (tokens : stream Z) : outcome unit :=
  match read_refuters m K functions refuters no_entries with
  | Bad why => Bad why
  | Good supports =>
      if m <? Z.of_nat n then Bad TooFewRows
      else
        match tokens with
        | Done => Bad TreeEnds
        | More token rest =>
            match read_node functions supports n (whole_basis n) [] 0 token rest with
            | Good Done => Good tt
            | Good (More _ _) => Bad TreeGoesOn
            | Bad why => Bad why
            end
        end
  end.

Open Scope R_scope.

Section Sound.

Variable n : nat.
Variable functions : table integer_row.
Variable v : point.
Hypothesis lengths : forall i r, entry functions i = Some r -> length (weights r) = n.
Hypothesis right : forall i r, entry functions i = Some r -> remainders r = remainders_of (weights r).

(** A support that meets the flat of v. *)
Definition meets (C : list term) : Prop :=
  (forall t, In t C -> named functions t) /\ exists t, In t C /\ idot (weights (function t)) v = 0.

(** The excluded rows are not in the flat of v. *)
Definition avoids (N : Z) : Prop :=
  forall k r, member N k = true -> entry functions k = Some r -> idot (weights r) v <> 0.

Lemma avoids_with : forall N t, avoids N -> named functions t -> idot (weights (function t)) v <> 0 ->
  avoids (with_member N (row_number t)).
Proof.
  intros N t A T V k r M E. destruct (member_with N (row_number t) k) as [->|M']; auto.
  - destruct (entry_number _ _ _ _ T) as [B _]. exact B.
  - unfold named in T. rewrite E in T. injection T as ->. exact V.
  - apply (A k r M' E).
Qed.

Lemma vacuous_sound : forall B path N t k, vacuous functions B path N t k = Good tt -> named functions t ->
  possible n B v -> avoids N -> idot (weights (function t)) v <> 0.
Proof.
  intros B path N t k H T [_ SP] A Z0. unfold vacuous in H.
  destruct (member N k) eqn:M; [|discriminate]. destruct (entry functions k) as [r|] eqn:E; [|discriminate].
  set (Y := fst (force (exact B))) in *. cbn zeta in H.
  destruct (multiple_of (products (weights (function t)) Y) (products (weights r) Y)) eqn:P; [|discriminate].
  apply (A k r M E). apply (multiple_of_orthogonal n Y v (weights (function t))); auto.
  - apply (lengths _ _ T).
  - apply (lengths _ _ E).
Qed.

(** What a node claims: the vectors v that are orthogonal to A and to no excluded row are 0. *)
Definition claims (read : node) : Prop :=
  forall B path N token tokens rest, read B path N token tokens = Good rest ->
    possible n B v -> avoids N -> vanishes n v.

Lemma children_sound : forall read, claims read ->
  forall B path C N tokens rest, children functions read B path C N tokens = Good rest ->
    possible n B v -> avoids N -> meets C -> vanishes n v.
Proof.
  intros read R B path C. induction C as [|t C IH]; intros N tokens rest H S A [NC (t0 & I & Z0)]; [destruct I|].
  assert (NC' : forall s, In s C -> named functions s) by (intros s Hs; apply NC; right; exact Hs).
  assert (T : named functions t) by (apply NC; left; reflexivity).
  cbn [children] in H.
  destruct (Req_dec (idot (weights (function t)) v) 0) as [O|O].
  - (* the first row is in the flat *)
    destruct (member N (row_number t)) eqn:M; [exfalso; apply (A _ _ M T O)|].
    destruct tokens as [|token tokens]; [discriminate|].
    destruct (token <? 0)%Z.
    + destruct (vacuous functions B (row_number t :: path) N t (- token - 1)) as [[]|] eqn:V; [|discriminate].
      exfalso. apply (vacuous_sound _ _ _ _ _ V T S A O).
    + destruct (basis_with B (function t)) as [B'|] eqn:E; [|discriminate].
      destruct (read B' (row_number t :: path) N token tokens) as [rest'|] eqn:Q; [|discriminate].
      apply (R _ _ _ _ _ _ Q); auto.
      apply (basis_with_possible n B (function t) B' v E (lengths _ _ T) (right _ _ T) S O).
  - (* it is not: another one is *)
    assert (MC : meets C).
    { split; [exact NC'|]. exists t0. destruct I as [<-|I]; [contradiction|]. auto. }
    destruct (member N (row_number t)) eqn:M; [apply (IH _ _ _ H S A MC)|].
    assert (A' := avoids_with N t A T O).
    destruct tokens as [|token tokens]; [discriminate|].
    destruct (token <? 0)%Z.
    + destruct (vacuous functions B (row_number t :: path) N t (- token - 1)) as [[]|] eqn:V; [|discriminate].
      apply (IH _ _ _ H S A' MC).
    + destruct (basis_with B (function t)) as [B'|]; [|discriminate].
      destruct (read B' (row_number t :: path) N token tokens) as [rest'|]; [|discriminate].
      apply (IH _ _ _ H S A' MC).
Qed.

Lemma first_orthogonal_spec : forall C Y, first_orthogonal C Y = None ->
  forall t, In t C -> orthogonal (weights (function t)) Y = false.
Proof.
  induction C as [|s C IH]; intros Y H t I; [destruct I|]. cbn [first_orthogonal] in H.
  destruct (orthogonal (weights (function s)) Y) eqn:E; [discriminate|].
  destruct I as [<-|I]; [exact E|apply (IH Y H t I)].
Qed.

Lemma orthogonal_one : forall w y, orthogonal w [y] = false -> product w y <> 0%Z.
Proof. intros w y D. unfold orthogonal in D. cbn [forallb] in D. rewrite andb_true_r in D. apply Z.eqb_neq, D. Qed.

(** At a leaf a row of the refuter that is orthogonal to v is the last one that v has to be orthogonal to. *)
Lemma leaf_sound : forall B C, first_inside B C = None -> is_leaf B C = true -> possible n B v -> meets C -> vanishes n v.
Proof.
  intros B C F L S [NC (t & I & O)]. unfold is_leaf in L. unfold first_inside in F.
  destruct (residual B) as [|u [|u' U]] eqn:RB; try discriminate.
  destruct (shown (residual B) (function t)) eqn:SH.
  - apply (possible_one n B u (function t) v RB S SH); auto; [apply (lengths _ _ (NC t I))|apply (right _ _ (NC t I))].
  - assert (H : In t (not_shown [u] C)).
    { apply filter_In. split; [exact I|]. rewrite RB in SH. rewrite SH. reflexivity. }
    destruct (not_shown [u] C) as [|h rest]; [destruct H|].
    assert (D := first_orthogonal_spec _ _ F t H). apply has_length_spec in L. destruct S as [_ SP].
    destruct (fst (force (exact B))) as [|y [|y' Y]]; try discriminate L.
    apply (spanned_by_one n y (weights (function t)) v SP (lengths _ _ (NC t I)) (orthogonal_one _ _ D) O).
Qed.

Lemma read_node_sound : forall supports, (forall token C, entry supports token = Some C -> meets C) ->
  forall depth, claims (read_node functions supports depth).
Proof.
  intros supports HS. induction depth as [|depth IH]; intros B path N token tokens rest H S A; [discriminate|].
  cbn [read_node] in H.
  destruct (entry supports token) as [C|] eqn:E; [|discriminate]. apply HS in E.
  destruct (first_inside B C) eqn:F; [discriminate|].
  destruct (is_leaf B C) eqn:L.
  - apply (leaf_sound B C F L S E).
  - apply (children_sound _ IH _ _ _ _ _ _ H S A E).
Qed.

End Sound.

Lemma read_refuters_sound : forall n K IK m functions, domain_made n K IK ->
  (forall t, named functions t -> length (weights (function t)) = n) ->
  (forall t, named functions t -> is_row m t = false -> forall x, inside n K x -> value (function t) x <= 0) ->
  forall refuters supports result, read_refuters m IK functions refuters supports = Good result ->
  let good := fun C => (forall t, In t C -> named functions t /\ is_row m t = true) /\
    forall x, inside n K x -> exists t, In t C /\ 0 <= value (function t) x in
  all_cells good supports -> all_cells good result.
Proof.
  intros n K IK m functions M L HB. induction refuters as [|pairs rest IH]; intros supports result H good A; cbn [read_refuters] in H.
  - injection H as <-. exact A.
  - destruct (support_of_refuter m IK functions pairs) as [support|] eqn:E; [|discriminate].
    apply (IH _ _ H). apply all_cells_with; [exact A|].
    apply (support_of_refuter_sound n K IK m functions M L HB pairs support E).
Qed.

Theorem check_flat_tree_sound : forall n K IK m functions rows refuters tokens,
  domain_made n K IK ->
  (forall t, named functions t -> length (weights (function t)) = n) ->
  (forall t, named functions t -> remainders (function t) = remainders_of (weights (function t))) ->
  (forall t, named functions t -> is_row m t = true -> In (function t) rows) ->
  (forall t, named functions t -> is_row m t = false -> forall x, inside n K x -> value (function t) x <= 0) ->
  check_flat_tree n m IK functions refuters tokens = Good tt ->
  forall z v, inside n K z -> (forall r, In r rows -> idot (weights r) v = 0 \/ value r z < 0) -> vanishes n v.
Proof.
  intros n K IK m functions rows refuters tokens M L RR HR HB H z v Z E. unfold check_flat_tree in H.
  destruct (read_refuters m IK functions refuters no_entries) as [supports|] eqn:R; [|discriminate].
  destruct (m <? Z.of_nat n)%Z; [discriminate|].
  destruct tokens as [|token tokens]; [discriminate|].
  destruct (read_node functions supports n (whole_basis n) [] 0 token tokens) as [rest|] eqn:Q; [|discriminate].
  assert (A := read_refuters_sound n K IK m functions M L HB refuters no_entries supports R (all_cells_none _ _)).
  refine (read_node_sound n functions v (fun i r I => L (Term i 0 r) I) (fun i r I => RR (Term i 0 r) I) supports _ n _ _ _ _ _ _ Q _ _).
  - intros number C I. apply entry_cells, A in I as [IC IZ]. split; [intros t T; apply IC, T|].
    destruct (IZ z Z) as (t & T & V). exists t. split; [exact T|]. destruct (IC t T) as [NT RT].
    destruct (E (function t) (HR t NT RT)) as [O|B]; [exact O|lra].
  - apply possible_whole.
  - intros k r N. rewrite member_none in N. discriminate.
Qed.
