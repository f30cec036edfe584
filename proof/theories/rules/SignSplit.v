(** Rule "sign-split": circuits, and a tree that splits by the signs of the rows. *)

From Coq Require Import List Bool ZArith Reals Lra Lia.
From Proof Require Import Layers Streams Integers Rows Domains Interior Elimination Bases Tables Combinations.
Import ListNotations.
Open Scope Z_scope.

Definition signs := (list term * list term)%type.  (* the rows with lambda_i > 0, the rows with lambda_i < 0 *)

(** All circuits of the list, each acceptable, in one table. *)
Fixpoint read_circuits (m : Z) (K : integer_domain) (functions : table integer_row)
  (circuits : stream (list (Z * Z))) (found : table signs) : outcome (table signs) :=
  match circuits with
  | Done => Good found
  | More pairs rest =>
      match signs_of_circuit m K functions pairs with
      | Good s => read_circuits m K functions rest (with_entry found s)
      | Bad why => Bad why
      end
  end.

(** The first row of a list that is, or is not, in a set. *)
Fixpoint first_with (sought : bool) (P : Z) (C : list term) : option Z :=
  match C with
  | [] => None
  | t :: C' => if Bool.eqb (member P (row_number t)) sought then Some (row_number t) else first_with sought P C'
  end.

(** The basis for P + i. *)
Definition with_row (B : basis) (t : term) : basis :=
  match basis_with B (function t) with Some B' => B' | None => B end.

Section Walk.

Variable m : Z.
Variable functions : table integer_row.
Variable circuits : table signs.

Definition node := basis -> Z -> Z -> stream Z -> outcome (stream Z).

(** The children of a circuit, for its positive rows; [read] reads the node of a child. *)
Fixpoint children (read : node) (B : basis) (P : Z) (C : list term) (Q : Z)
  (tokens : stream Z) : outcome (stream Z) :=
  match C with
  | [] => Good tokens
  | t :: C' =>
      let i := row_number t in
      if member Q i then children read B P C' Q tokens
      else
        match read (with_row B t) (with_member P i) Q tokens with
        | Good rest => children read B P C' (with_member Q i) rest
        | Bad why => Bad why
        end
  end.

(** [B] spans what is orthogonal to the rows of P, which are nonnegative; the rows of Q are strictly negative. *)
Fixpoint read_node {A : Type} (fuel : list A) (B : basis) (P Q : Z) (tokens : stream Z) {struct fuel}
  : outcome (stream Z) :=
  match residual B with
  | [] => Good tokens
  | _ =>
      match fuel with
      | [] => Bad TooFewRows
      | _ :: fuel' =>
          match tokens with
          | Done => Bad TreeEnds
          | More token rest =>
              if token <? 0 then
                let i := - token - 1 in
                match (if i <? m then entry functions i else None) with
                | None => Bad (HasSign i)
                | Some r =>
                    if member Q i || member P i then Bad (HasSign i)
                    else
                      match read_node fuel' (with_row B (Term i 1 r)) (with_member P i) Q rest with
                      | Good rest' => read_node fuel' B P (with_member Q i) rest'
                      | Bad why => Bad why
                      end
                end
              else
                match entry circuits token with
                | None => Bad (NoSuchEntry token)
                | Some (positive, negative) =>
                    match first_with false P negative, first_with true P positive with
                    | Some i, _ => Bad (NotNonnegativeRow i)
                    | None, Some i => Bad (NonnegativeRow i)
                    | None, None => children (read_node fuel') B P positive Q rest
                    end
                end
          end
      end
  end.

End Walk.

Definition check_sign_split {A : Type} (n : nat) (m : Z) (K : integer_domain) (functions : table integer_row) (fuel : list A)
  (circuits : stream (list (Z * Z))) (tokens : stream Z) : outcome unit :=
  match read_circuits m K functions circuits no_entries with
  | Bad why => Bad why
  | Good found =>
      if m <? Z.of_nat n then Bad TooFewRows
      else
        match read_node m functions found fuel (whole_basis n) 0 0 tokens with
        | Good Done => Good tt
        | Good (More _ _) => Bad TreeGoesOn
        | Bad why => Bad why
        end
  end.

Open Scope R_scope.

Section Sound.

Variable n : nat.
Variable m : Z.
Variable functions : table integer_row.
Variables z v : point.
Hypothesis lengths : forall i r, entry functions i = Some r -> length (weights r) = n.
Hypothesis right : forall i r, entry functions i = Some r -> remainders r = remainders_of (weights r).
(** Every row of the layer is orthogonal to v or strictly negative at z. *)
Hypothesis escape : forall t, named functions t -> is_row m t = true ->
  idot (weights (function t)) v = 0 \/ value (function t) z < 0.

Definition usable (C : list term) : Prop := forall t, In t C -> named functions t /\ is_row m t = true.

(** What a circuit shows at z. *)
Definition shows (s : signs) : Prop :=
  usable (fst s) /\ usable (snd s) /\
  ((forall t, In t (snd s) -> 0 <= value (function t) z) -> exists t, In t (fst s) /\ 0 <= value (function t) z).

Definition all_nonnegative (P : Z) : Prop := forall k r, member P k = true -> entry functions k = Some r -> 0 <= value r z.
Definition all_negative (Q : Z) : Prop := forall k r, member Q k = true -> entry functions k = Some r -> value r z < 0.

Definition claims (read : node) : Prop :=
  forall B P Q tokens rest, read B P Q tokens = Good rest ->
    possible n B v -> all_nonnegative P -> all_negative Q -> vanishes n v.

Lemma with_row_possible : forall B t, named functions t -> is_row m t = true ->
  possible n B v -> 0 <= value (function t) z -> possible n (with_row B t) v.
Proof.
  intros B t T R S V. unfold with_row. destruct (basis_with B (function t)) as [B'|] eqn:E; [|exact S].
  apply (basis_with_possible n B (function t) B' v E (lengths _ _ T) (right _ _ T) S).
  destruct (escape t T R) as [O|O]; [exact O|lra].
Qed.

Lemma all_nonnegative_with : forall P t, all_nonnegative P -> named functions t -> 0 <= value (function t) z ->
  all_nonnegative (with_member P (row_number t)).
Proof.
  intros P t A T V k r M E. destruct (member_with P (row_number t) k) as [->|M']; auto.
  - destruct (entry_number _ _ _ _ T) as [B _]. exact B.
  - unfold named in T. rewrite E in T. injection T as ->. exact V.
  - apply (A k r M' E).
Qed.

Lemma all_negative_with : forall Q t, all_negative Q -> named functions t -> value (function t) z < 0 ->
  all_negative (with_member Q (row_number t)).
Proof.
  intros P t A T V k r M E. destruct (member_with P (row_number t) k) as [->|M']; auto.
  - destruct (entry_number _ _ _ _ T) as [B _]. exact B.
  - unfold named in T. rewrite E in T. injection T as ->. exact V.
  - apply (A k r M' E).
Qed.

Lemma children_sound : forall read, claims read ->
  forall B P C Q tokens rest, children read B P C Q tokens = Good rest ->
    possible n B v -> all_nonnegative P -> all_negative Q -> usable C ->
    (exists t, In t C /\ 0 <= value (function t) z) -> vanishes n v.
Proof.
  intros read R B P C. induction C as [|t C IH]; intros Q tokens rest H S AP AQ U (t0 & I & V0); [destruct I|].
  assert (U' : usable C) by (intros s Hs; apply U; right; exact Hs).
  destruct (U t (or_introl eq_refl)) as [T TR].
  cbn [children] in H.
  destruct (Rle_or_lt 0 (value (function t) z)) as [V|V].
  - destruct (member Q (row_number t)) eqn:M; [specialize (AQ _ _ M T); lra|].
    assert (SP := with_row_possible B t T TR S V).
    destruct (read (with_row B t) (with_member P (row_number t)) Q tokens) as [rest'|] eqn:E; [|discriminate].
    apply (R _ _ _ _ _ E); auto. apply all_nonnegative_with; auto.
  - assert (I' : exists t, In t C /\ 0 <= value (function t) z).
    { exists t0. destruct I as [<-|I]; [lra|auto]. }
    destruct (member Q (row_number t)) eqn:M; [apply (IH _ _ _ H S AP AQ U' I')|].
    destruct (read (with_row B t) (with_member P (row_number t)) Q tokens) as [rest'|]; [|discriminate].
    apply (IH _ _ _ H S AP); auto. apply all_negative_with; auto.
Qed.

Lemma first_with_spec : forall sought P C, first_with sought P C = None ->
  forall t, In t C -> member P (row_number t) = negb sought.
Proof.
  induction C as [|s C IH]; intros H t I; [destruct I|]. cbn [first_with] in H.
  destruct (Bool.eqb (member P (row_number s)) sought) eqn:E; [discriminate|].
  destruct I as [<-|I]; [|apply (IH H t I)].
  destruct (member P (row_number s)), sought; simpl in *; congruence.
Qed.

Lemma read_node_sound : forall circuits, (forall token s, entry circuits token = Some s -> shows s) ->
  forall A (fuel : list A), claims (read_node m functions circuits fuel).
Proof.
  intros circuits HC A. induction fuel as [|a fuel IH]; intros B P Q tokens rest H S AP AQ; cbn [read_node] in H;
    (destruct (residual B) as [|y Y] eqn:RB; [apply (possible_none n B v RB S)|]); [discriminate|].
  destruct tokens as [|token tokens]; [discriminate|].
  destruct (token <? 0)%Z.
  - set (i := (- token - 1)%Z) in H. destruct (i <? m)%Z eqn:IM; [|discriminate].
    destruct (entry functions i) as [r|] eqn:E; [|discriminate].
    destruct (member Q i || member P i)%bool; [discriminate|].
    pose (t := Term i 1%Z r). fold t in H.
    assert (T : named functions t) by exact E. assert (R : is_row m t = true) by exact IM.
    destruct (Rle_or_lt 0 (value r z)) as [V|V].
    + assert (SP := with_row_possible B t T R S V).
      destruct (read_node m functions circuits fuel (with_row B t) (with_member P i) Q tokens) as [rest'|] eqn:N; [|discriminate].
      apply (IH _ _ _ _ _ N); auto. apply (all_nonnegative_with P t); auto.
    + destruct (read_node m functions circuits fuel (with_row B t) (with_member P i) Q tokens) as [rest'|]; [|discriminate].
      apply (IH _ _ _ _ _ H); auto. apply (all_negative_with Q t); auto.
  - destruct (entry circuits token) as [[positive negative]|] eqn:E; [|discriminate].
    destruct (HC _ _ E) as (UP & UN & SH). cbn [fst snd] in *.
    destruct (first_with false P negative) eqn:FN; [discriminate|].
    destruct (first_with true P positive) eqn:FP; [discriminate|].
    apply (children_sound _ IH _ _ _ _ _ _ H S AP AQ UP). apply SH.
    intros t I. apply (AP (row_number t)); [|apply UN, I]. apply (first_with_spec false P negative FN t I).
Qed.

End Sound.

Lemma read_circuits_sound : forall n K IK m functions, domain_made n K IK ->
  (forall t, named functions t -> length (weights (function t)) = n) ->
  (forall t, named functions t -> is_row m t = false -> forall x, inside n K x -> value (function t) x <= 0) ->
  forall circuits found result, read_circuits m IK functions circuits found = Good result ->
  let good := fun s => forall x, deep n K x -> shows m functions x s in
  all_cells good found -> all_cells good result.
Proof.
  intros n K IK m functions M L HB. induction circuits as [|pairs rest IH]; intros found result H good A; cbn [read_circuits] in H.
  - injection H as <-. exact A.
  - destruct (signs_of_circuit m IK functions pairs) as [[positive negative]|] eqn:E; [|discriminate].
    apply (IH _ _ H). apply all_cells_with; [exact A|].
    destruct (signs_of_circuit_sound n K IK m functions M L HB pairs positive negative E) as (UP & UN & SH).
    intros x X. split; [exact UP|]. split; [exact UN|]. apply SH, X.
Qed.

Theorem check_sign_split_sound : forall n K IK m functions rows A (fuel : list A) circuits tokens,
  domain_made n K IK ->
  (forall t, named functions t -> length (weights (function t)) = n) ->
  (forall t, named functions t -> remainders (function t) = remainders_of (weights (function t))) ->
  (forall t, named functions t -> is_row m t = true -> In (function t) rows) ->
  (forall t, named functions t -> is_row m t = false -> forall x, inside n K x -> value (function t) x <= 0) ->
  check_sign_split n m IK functions fuel circuits tokens = Good tt ->
  forall z v, deep n K z -> (forall r, In r rows -> idot (weights r) v = 0 \/ value r z < 0) -> vanishes n v.
Proof.
  intros n K IK m functions rows A fuel circuits tokens M L RR HR HB H z v Z E. unfold check_sign_split in H.
  destruct (read_circuits m IK functions circuits no_entries) as [found|] eqn:R; [|discriminate].
  destruct (m <? Z.of_nat n)%Z; [discriminate|].
  destruct (read_node m functions found fuel (whole_basis n) 0 0 tokens) as [rest|] eqn:Q; [|discriminate].
  assert (AC := read_circuits_sound n K IK m functions M L HB circuits no_entries found R (all_cells_none _ _)).
  refine (read_node_sound n m functions z v (fun i r I => L (Term i 0 r) I) (fun i r I => RR (Term i 0 r) I) _ found _ A fuel _ _ _ _ _ Q _ _ _).
  - intros t T RT. apply E, HR; auto.
  - intros token s I. apply entry_cells, AC in I. apply I, Z.
  - apply possible_whole.
  - intros k r N. rewrite member_none in N. discriminate.
  - intros k r N. rewrite member_none in N. discriminate.
Qed.
